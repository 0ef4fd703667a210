#include "study/run_keeper.hpp"

#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "core/bytes.hpp"
#include "core/log.hpp"
#include "core/process.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "results/folder/file_digests.hpp"
#include "results/folder/process_mark.hpp"
#include "results/folder/progress_file.hpp"
#include "results/folder/run_folder.hpp"
#include "results/folder/run_holder.hpp"
#include "results/run/run_summary.hpp"
#include "study/same_config.hpp"

namespace medpfl {
namespace {

std::string build() { return fmt::format("{} ({})", version(), git_commit()); }

}  // namespace

RunKeeper::RunKeeper(const RunContext& context, const RunRequest& request)
    : comm_(context.comm),
      config_(context.config),
      s_(context.settings),
      place_(context.place),
      resume_(request.resume),
      schedule_(s_.checkpoint_seconds, s_.checkpoint_every, request.max_walltime) {
  record.dataset = s_.dataset_name;
  record.hospitals_alike = s_.federated_data.partition.kind == PartitionKind::kIid;
  record.created = static_cast<long long>(std::time(nullptr));
  record.config = record_config(config_);
  record.server_seed = s_.seeds.server;
  record.snapshot_iterations = s_.snapshots;
}

RunKeeper::Start RunKeeper::find() {
  if (!resume_) return Start::kNew;
  const std::string where = fmt::format("--resume: the run in {}", s_.output);
  if (const auto run = find_run(s_.output)) {
    refuse_other_config(config_, run->config, where);
    if (run->status == "complete") return Start::kComplete;
  }
  auto checkpoint = read_checkpoint(s_.output);
  if (!checkpoint) {
    log_info(fmt::format("no checkpoint in {}: the run starts from the beginning", s_.output));
    return Start::kNew;
  }
  refuse_other_config(config_, checkpoint->config, where);
  if (checkpoint->build != build())
    log_warning(
        fmt::format("the checkpoint was written by medpfl {}, this is {}: what follows may "
                    "differ in its last bits",
                    checkpoint->build, build()));
  log_info(fmt::format("resumed after {} rounds and {} attack tasks", checkpoint->next_round,
                       checkpoint->finished_tasks));
  inputs_before_ = read_input_digests(checkpoint->inputs);
  written_by_ = std::move(checkpoint->build);
  shared_ = std::move(checkpoint->shared);
  server_ = std::move(checkpoint->server);
  client_states_ = std::move(checkpoint->client_states);
  return Start::kResumed;
}

ArchiveOrigin RunKeeper::origin() const {
  return {fmt::format("--resume: the checkpoint in {}", s_.output),
          fmt::format("resume with the program that wrote it, {}, or start the run anew with "
                      "--overwrite",
                      written_by_)};
}

void RunKeeper::restore_shared(const Archive::Keep& keep) {
  Archive::read(shared_, origin(), keep);
}

void RunKeeper::restore_server(const Archive::Keep& keep) {
  Archive::read(server_, origin(), keep);
  ++record.resumes;
}

RunKeeper::Start RunKeeper::open() {
  int start = 0;
  comm_.agree([&] {
    if (!comm_.is_root()) return;
    lock_ = std::make_unique<RunLock>(s_.output);
    const Start found = find();
    if (found != Start::kComplete) refuse_foreign_files(s_.output);
    start = static_cast<int>(found);
  });
  comm_.broadcast(&start, sizeof start);
  // All ranks write to the folder. MPI-IO would wait forever where they see different ones.
  if (static_cast<Start>(start) != Start::kComplete) {
    const std::string holder = comm_.broadcast(mark_process());
    comm_.agree([&] { expect_holder(s_.output, holder); });
  }
  shared_ = comm_.broadcast(std::move(shared_));
  client_states_ = comm_.broadcast(std::move(client_states_));
  return static_cast<Start>(start);
}

void RunKeeper::check_inputs(const InputDigests& inputs, const std::string& where) {
  comm_.agree([&] {
    if (!comm_.is_root()) return;
    record.inputs = inputs;
    if (!inputs_before_) return;
    const std::vector<std::string> other = other_inputs(*inputs_before_, inputs);
    if (!other.empty())
      throw DataError(fmt::format(
          "--resume: the run in {} was begun with other {} than there are now ({}), so that what "
          "it holds and what would follow were not of one run; put back what it was begun with, "
          "or begin anew with --overwrite or in another run.output",
          s_.output, join(other, ", "), where));
    if (inputs.weights.empty()) record.inputs.weights = inputs_before_->weights;
  });
}

ExitCode RunKeeper::run(KeptJob* job) {
  job_ = job;
  const Start start = open();
  ExitCode code = ExitCode::kOk;
  if (start == Start::kComplete) {
    log_info(fmt::format("the run in {} is complete", s_.output));
  } else {
    record.places = gather_places(comm_, place_);
    if (comm_.is_root()) log_placement(record.places);
    try {
      if (!load(job)) return ExitCode::kInterrupted;
      job->begin(start == Start::kResumed);
      schedule_.begin_steps();
      if (!job->work()) code = ExitCode::kInterrupted;
    } catch (const Error& error) {
      if (error.code() != ExitCode::kOutput) write_failed();
      throw;
    }
  }
  return code;
}

bool RunKeeper::load(KeptJob* job) {
  try {
    job->load();
  } catch (const AgreedError& error) {
    if (error.code() != ExitCode::kInterrupted) throw;
    return false;
  }
  return true;
}

bool RunKeeper::attack(AttackQueue* attacks) {
  gather_ranks();
  bool done = false;
  {
    const auto timer = timers.measure(Phase::kAttack);
    done = attacks->run(comm_, this);
  }
  if (!done) write("interrupted");
  return done;
}

void RunKeeper::write(const std::string& status) {
  gather_ranks();
  comm_.agree([&] {
    if (comm_.is_root()) write_alone(status);
  });
  if (status == "complete") write_file_digests();
}

// Each rank reads its share of the files again: those behind one another, so that the order of the
// lines is that of the names for any number of ranks.
void RunKeeper::write_file_digests() {
  ByteWriter out;
  comm_.agree([&] {
    if (comm_.is_root()) out.texts(result_files(s_.output));
  });
  const std::string names = comm_.broadcast(out.take());
  const std::vector<std::string> all = ByteReader(names).texts();
  std::string lines;
  comm_.agree([&] {
    const size_t ranks = static_cast<size_t>(comm_.size()),
                 rank = static_cast<size_t>(comm_.rank());
    const auto first = [&](size_t r) {
      return all.begin() + static_cast<std::ptrdiff_t>(all.size() * r / ranks);
    };
    lines = digest_lines(s_.output, {first(rank), first(rank + 1)});
  });
  const std::vector<std::string> gathered = comm_.gather(lines);
  comm_.agree([&] {
    if (comm_.is_root()) write_digests(s_.output, join(gathered, ""));
  });
}

bool RunKeeper::stop_signalled() const { return medpfl::stop_signalled(); }

JobOrder RunKeeper::order() {
  const JobOrder order = schedule_.order();
  const bool full = record.weights != nullptr && record.weights->full();
  return order == JobOrder::kGoOn && full ? JobOrder::kSave : order;
}

void RunKeeper::tell(const WorkNote& note) {
  if (!comm_.is_root()) return;
  RunProgress progress;
  progress.work = note.work;
  progress.done = note.done;
  progress.total = note.total;
  progress.seconds_left = note.seconds_left.value_or(RunProgress::kUnknown);
  progress.detail = note.detail;
  progress.rounds_done = next_round;
  progress.rounds = s_.federation.rounds;
  progress.updated = static_cast<int64_t>(std::time(nullptr));
  for (const RoundRecord& round : record.rounds) {
    progress.training_loss = round.train_loss;
    if (round.evaluated) progress.balanced_accuracy = round.utility.balanced_accuracy;
  }
  write_progress(s_.output, progress);
}

void RunKeeper::gather_ranks() {
  ByteWriter out;
  out.value(peak_memory_bytes());
  out.value(timers.seconds());
  record.ranks = {};
  for (const std::string& bytes : comm_.gather(out.take())) {
    ByteReader in(bytes);
    record.ranks.peak_memory.push_back(in.value<int64_t>());
    record.ranks.seconds.push_back(in.value<std::array<double, kPhases>>());
  }
}

void RunKeeper::write_alone(const std::string& status) {
  const auto timer = timers.measure(Phase::kWrite);
  begun_ = true;
  record.status = status;
  if (record.weights != nullptr) record.weights->cut();
  write_run(s_.output, record);
  if (status != "running") remove_progress(s_.output);
  if (status == "complete") {
    remove_checkpoints(s_.output);
    return;
  }
  Checkpoint checkpoint;
  checkpoint.config = record.config.resolved;
  checkpoint.inputs = to_text(record.inputs);
  checkpoint.build = build();
  checkpoint.next_round = next_round;
  checkpoint.finished_tasks =
      record.attacks == nullptr ? 0 : static_cast<int64_t>(record.attacks->finished().size());
  job_->save(&checkpoint);
  write_checkpoint(s_.output, checkpoint);
  schedule_.note_saved();
}

void RunKeeper::write_failed() noexcept {
  if (!begun_ || !comm_.is_root()) return;
  try {
    record.status = "failed";
    write_run(s_.output, record);
    remove_progress(s_.output);
  } catch (const std::exception&) {
    // The error that ended the run is the one to report; the last good files stay.
  }
}

}  // namespace medpfl
