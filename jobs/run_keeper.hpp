#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "comm/communicator.hpp"
#include "config/settings.hpp"
#include "core/bytes.hpp"
#include "core/stop.hpp"
#include "core/timers.hpp"
#include "job.hpp"
#include "results/run_record.hpp"

namespace medpfl {

/// Keeps a run safe: knows when it must write a checkpoint or stop, writes run.h5 and the
/// checkpoint, and finds them again under --resume.
class RunKeeper {
 public:
  /// Writes what a resumed job needs; on rank 0.
  struct State {
    std::function<void(ByteWriter*)> shared;  ///< needed by all ranks
    std::function<void(ByteWriter*)> server;  ///< needed by rank 0
  };
  enum class Start { kNew, kResumed, kComplete };

  RunKeeper(const Communicator& comm, const Config& config, const Settings& settings,
            const JobArguments& arguments, State state);

  /// Looks at run.output: what is there, and may it be used? Collective. Throws AgreedError.
  Start open();
  /// State of the checkpoint, after kResumed: on all ranks, and on rank 0.
  const std::string& shared_state() const { return shared_; }
  const std::string& server_state() const { return server_; }

  RunRecord record;  ///< complete on rank 0
  PhaseTimers timers;
  int64_t next_round = 0;

  /// What is due now, by the clock and by what was asked. On rank 0.
  FarmOrder order();
  void note_stop() { stop_ = true; }

  /// Brings times and memory of all ranks to rank 0, for what is written next. Collective.
  void gather_ranks();
  /// Writes run.h5, and the checkpoint unless the run is complete. On rank 0. Throws OutputError.
  void write(const std::string& status);
  /// Writes that the run failed, if it can still be written.
  void write_failed() noexcept;

 private:
  Start find();

  const Communicator& comm_;
  const Config& config_;
  const Settings& s_;
  const JobArguments& arguments_;
  State state_;
  WallTime wall_;
  std::chrono::steady_clock::time_point last_write_;
  std::string shared_, server_;
  bool stop_ = false, begun_ = false;
};

/// Tells on rank 0 how a job ended; the exit code.
int report_end(const Communicator& comm, const std::string& output, ExitCode code);

}  // namespace medpfl
