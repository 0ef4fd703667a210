#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "comm/communicator.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/stop.hpp"
#include "core/timers.hpp"
#include "results/folder/run_lock.hpp"
#include "results/run/run_record.hpp"
#include "study/run_context.hpp"

namespace medpfl {

/// Takes a job from its start, or its checkpoint, to its end, and keeps it safe on the way: knows
/// when a checkpoint is due and when to stop, writes run.h5 and the checkpoint, finds them under
/// --resume.
class RunKeeper {
 public:
  /// The parts of a job, each collective.
  struct Steps {
    std::function<void()> load;
    std::function<void(bool resumed)> begin;  ///< anew, or from the state of the checkpoint
    std::function<bool()> work;               ///< false: stopped, with a checkpoint
  };
  /// Writes what a resumed job needs; on rank 0.
  struct State {
    std::function<void(ByteWriter*)> shared;  ///< needed by all ranks
    std::function<void(ByteWriter*)> server;  ///< needed by rank 0
    /// File of the client states in the run's folder, or "".
    std::function<std::string()> client_states = [] { return std::string(); };
  };

  RunKeeper(const RunContext& context, const RunRequest& request, State state);

  /// Runs the job; kOk or kInterrupted. Collective.
  ExitCode run(const Steps& steps);
  /// State of the checkpoint, when resumed: on all ranks, and on rank 0.
  const std::string& shared_state() const { return shared_; }
  const std::string& server_state() const { return server_; }
  const std::string& client_states() const { return client_states_; }

  RunRecord record;  ///< complete on rank 0
  PhaseTimers timers;
  int64_t next_round = 0;

  /// Takes what the job loaded (of interest on rank 0) into the record, and of what is not there
  /// any more what the checkpoint knows. Throws DataError that names what is other than when the
  /// run was begun, and `where` it lies; warns of what is not known. Collective. Throws
  /// AgreedError.
  void check_inputs(const InputDigests& inputs, const std::string& where);
  bool resumed() const { return inputs_before_.has_value(); }  ///< on rank 0

  /// What is due now, by the clock and by what was asked. On rank 0.
  FarmOrder order();
  void note_stop() { stop_ = true; }
  /// Runs the tasks of record.attacks that are not finished; rank 0 writes when that is due. False:
  /// stopped and written. Collective.
  bool attack(AttackQueue* attacks);
  /// Writes run.h5, and the checkpoint unless the run is complete. Collective. Throws AgreedError.
  void write(const std::string& status);

 private:
  enum class Start { kNew, kResumed, kComplete };
  Start find();
  Start open();
  void gather_ranks();
  void write_alone(const std::string& status);
  void write_failed() noexcept;

  const Communicator& comm_;
  const Config& config_;
  const Settings& s_;
  const RankPlace& place_;
  bool resume_;
  State state_;
  WallTime wall_;
  std::chrono::steady_clock::time_point last_write_;
  std::string shared_, server_, client_states_;
  std::optional<InputDigests> inputs_before_;  // of the checkpoint, on rank 0
  bool stop_ = false, begun_ = false;
  std::unique_ptr<RunLock> lock_;  // on rank 0
};

/// Says how a run ended, with its summary or how to go on; for rank 0.
void show_end(ExitCode code, const std::string& folder);

}  // namespace medpfl
