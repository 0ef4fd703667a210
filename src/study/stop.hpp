#pragma once

namespace medpfl {

/// Catches SIGTERM, SIGUSR1, SIGINT and SIGHUP from now on, but for those that are ignored: they
/// ask the process to finish the current step, write a checkpoint and end. A second SIGINT ends the
/// process at once.
void catch_stop_signals();

/// Whether this process was asked to stop.
bool stop_signalled();

}  // namespace medpfl
