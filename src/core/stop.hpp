#pragma once

namespace medpfl {

/// Catches SIGTERM, SIGUSR1, SIGINT and SIGHUP from now on, but for those that are ignored: they
/// ask the process to finish the current step, write a checkpoint and end. A second SIGINT ends the
/// process at once; the first says so on the standard error, where `speaks`: one process of a job.
void catch_stop_signals(bool speaks);

/// Whether this process was asked to stop.
bool stop_signalled();

/// Throws Error of kInterrupted where this process was asked to stop; for work before the first
/// step, of which no checkpoint is written. To be called within Communicator::agree, for the ranks
/// of a job are not all asked at the same time.
void end_if_stop_signalled();

}  // namespace medpfl
