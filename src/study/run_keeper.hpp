#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "comm/communicator.hpp"
#include "core/archive.hpp"
#include "core/error.hpp"
#include "core/job_control.hpp"
#include "core/timers.hpp"
#include "results/folder/run_lock.hpp"
#include "results/resume/checkpoint.hpp"
#include "results/run/run_record.hpp"
#include "study/run_context.hpp"
#include "study/schedule.hpp"

namespace medpfl {

/// A job that a RunKeeper runs. All calls but `save` are collective, and throw AgreedError or an
/// Error that one rank alone knows.
class KeptJob {
 public:
  virtual ~KeptJob() = default;
  /// Loads what the job works on.
  virtual void load() = 0;
  /// Begins anew, or continues from the checkpoint.
  virtual void begin(bool resumed) = 0;
  /// Works to the end and writes the complete run. Returns false where it stopped with a
  /// checkpoint.
  virtual bool work() = 0;
  /// Fills in what a resumed job needs: `shared`, `server` and `client_states`. Called on rank 0.
  virtual void save(Checkpoint* checkpoint) = 0;
};

/// Runs a job from its start, or its checkpoint, to its end: decides when a checkpoint is due and
/// when to stop, writes run.h5 and the checkpoint, and finds them when a run is resumed.
class RunKeeper final : public JobControl {
 public:
  RunKeeper(const RunContext& context, const RunRequest& request);

  /// Runs the job and returns kOk or kInterrupted. Collective.
  ExitCode run(KeptJob* job);
  /// Let `keep` read a part of the checkpoint's state into a job that is resumed: the part that
  /// every rank has, and the part that rank 0 alone has, which also counts the resume in `record`.
  /// Throw FormatError where the state is not as `keep` needs it.
  void restore_shared(const Archive::Keep& keep);
  void restore_server(const Archive::Keep& keep);
  /// Returns the name of the file of client states in the checkpoint; "" where there is none.
  const std::string& client_states() const { return client_states_; }

  RunRecord record;  ///< complete on rank 0
  PhaseTimers timers;
  int64_t next_round = 0;  ///< the first round that is not finished

  /// Records the digests of what the job has loaded; those of rank 0 count. A resumed job keeps the
  /// checkpoint's digest of a weights file that is gone. Collective. Throws AgreedError with the
  /// code of DataError where an input differs from the one with which the run was begun; the
  /// message names it and says `where` the inputs are.
  void check_inputs(const InputDigests& inputs, const std::string& where);
  /// Whether the job goes on from a checkpoint. Known on rank 0 only.
  bool resumed() const { return inputs_before_.has_value(); }

  // The calls of JobControl, by which work under way asks whether to go on.
  bool stop_signalled() const override;
  void note_stop() override { schedule_.note_stop(); }
  JobOrder order() override;
  void saved() override { write_alone("running"); }
  void tell(const WorkNote& note) override;

  /// Whether checkpoint.every asks for a checkpoint after this many rounds; the same on all ranks.
  bool due_after(int64_t rounds) const { return schedule_.due_after(rounds); }
  /// Runs the tasks of record.attacks that are not finished; rank 0 writes when that is due.
  /// Returns false where it was stopped; run.h5 and the checkpoint are then written. Collective.
  bool attack(AttackQueue* attacks);
  /// Writes run.h5, and the checkpoint unless the run is complete; then the digests of its files.
  /// Collective. Throws AgreedError.
  void write(const std::string& status);

 private:
  enum class Start { kNew, kResumed, kComplete };
  Start find();
  Start open();
  // Returns false where the job was stopped as it loaded; what was there of it stays as it is.
  bool load(KeptJob* job);
  ArchiveOrigin origin() const;
  void gather_ranks();
  void write_alone(const std::string& status);
  void write_file_digests();
  void write_failed() noexcept;

  const Communicator& comm_;
  const Config& config_;
  const Settings& s_;
  const RankPlace& place_;
  bool resume_;
  JobSchedule schedule_;
  KeptJob* job_ = nullptr;
  std::string shared_, server_, client_states_;
  std::string written_by_;                     // the program that wrote the checkpoint, on rank 0
  std::optional<InputDigests> inputs_before_;  // of the checkpoint, on rank 0
  bool begun_ = false;
  std::unique_ptr<RunLock> lock_;  // on rank 0
};

}  // namespace medpfl
