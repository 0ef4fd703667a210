#pragma once

namespace medpfl {

/// From now on SIGTERM, SIGUSR1 and SIGINT do not end the process: they ask it to finish the step
/// in hand, write a checkpoint and end. A second SIGINT ends it at once.
void catch_stop_signals();

/// Whether this process was asked to stop.
bool stop_signalled();

}  // namespace medpfl
