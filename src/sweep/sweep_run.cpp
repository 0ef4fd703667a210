#include "sweep/sweep_run.hpp"

#include <fmt/format.h>

#include <chrono>

#include "core/bytes.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "study/dry_run.hpp"
#include "sweep/board.hpp"
#include "sweep/folder.hpp"
#include "sweep/point_run.hpp"

namespace medpfl {
namespace {

class SweepRun {
 public:
  SweepRun(const Communicator& comm, const SweepPlan& plan, const SweepRequest& request)
      : comm_(comm),
        plan_(plan),
        request_(request),
        folder_(plan.output),
        board_(plan),
        begun_(Clock::now()) {}

  ExitCode run(const RankPlace& place, bool quiet) {
    const std::vector<int64_t> due = begin();
    const RankGroup group(comm_, plan_.ranks_per_point);
    if (group.comm().is_root() && !quiet) show_information();
    bool stopped = false;
    for (size_t i = 0; i < due.size() && !stopped; ++i)
      if (i % static_cast<size_t>(group.count()) == static_cast<size_t>(group.number()))
        stopped = !work_on(group, place, due[i]);
    stopped = comm_.max(stopped ? 1 : 0) > 0;
    busy_ = comm_.max(busy_ ? 1 : 0) > 0;
    ExitCode code = ExitCode::kOk;
    comm_.agree([&] {
      if (comm_.is_root()) code = end(stopped);
    });
    comm_.broadcast(&code, sizeof code);
    return code;
  }

 private:
  using Clock = std::chrono::steady_clock;

  // Begins the sweep and returns, on all ranks, the points to work on.
  std::vector<int64_t> begin() {
    ByteWriter due;
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      folder_.begin(plan_.base, plan_.grid_text);
      board_.refresh();
      if (!plan_.is_part) board_.write_index(true);
      std::vector<int64_t> points;
      for (const int64_t point : plan_.selected) {
        const std::string& status = board_.state(point).status;
        if (status == "failed" ? request_.retry_failed : status != "complete")
          points.push_back(point);
      }
      due.array(points);
    });
    const std::string bytes = comm_.broadcast(due.take());
    return ByteReader(bytes).array<int64_t>();
  }

  // Returns the seconds that this call has left; 0: there is no limit.
  double time_left() const {
    if (request_.max_walltime == 0) return 0;
    return request_.max_walltime - std::chrono::duration<double>(Clock::now() - begun_).count();
  }

  // Works on one point. Returns false where it was stopped as asked. Collective in the group.
  bool work_on(const RankGroup& ranks, const RankPlace& place, int64_t point) {
    const Communicator& group = ranks.comm();
    const double left = time_left();
    const bool over = request_.max_walltime > 0 && left <= 0;
    if (group.max(stop_signalled() || over ? 1 : 0) > 0) return false;
    log_info(title_of(plan_, point));
    const PointState now = run_point(ranks, place, plan_, point, left);
    if (now.status == "busy") {
      // The other process writes its state.
      log_warning(fmt::format("{} is left alone: {}", title_of(plan_, point), now.error));
      busy_ = true;
      return true;
    }
    agree_in(ranks, [&] {
      group.agree([&] {
        if (group.is_root()) keep(point, now);
      });
    });
    return now.status != "interrupted";
  }

  // Called on the first rank of the group.
  void keep(int64_t point, const PointState& now) {
    folder_.write(point, now);
    if (now.status == "failed")
      log_warning(fmt::format("{} failed: {}", title_of(plan_, point), now.error));
    if (!comm_.is_root() || plan_.is_part) return;
    board_.refresh();
    board_.write_index(true);
  }

  // Called on rank 0.
  ExitCode end(bool stopped) {
    board_.refresh();
    if (!plan_.is_part) board_.write_index(false);
    if (shows_information()) board_.print();
    if (shows_information() && plan_.is_part)
      fmt::print("index of all points: medpfl sweep --merge --run.output={}\n", folder_.path());
    if (stopped) {
      log_warning(
          fmt::format("stopped as asked; go on with medpfl sweep --run.output={}", folder_.path()));
      return ExitCode::kInterrupted;
    }
    const int64_t failed = board_.first_failed();
    if (failed >= 0) return static_cast<ExitCode>(board_.state(failed).exit_code);
    return busy_ ? ExitCode::kBusy : ExitCode::kOk;
  }

  const Communicator& comm_;
  const SweepPlan& plan_;
  const SweepRequest& request_;
  SweepFolder folder_;
  SweepBoard board_;  // on rank 0
  Clock::time_point begun_;
  bool busy_ = false;  // a point was left to another process
};

}  // namespace

ExitCode run_sweep(const Communicator& comm, const SweepPlan& plan, const SweepRequest& request,
                   const RankPlace& place, bool quiet) {
  return SweepRun(comm, plan, request).run(place, quiet);
}

void dry_run_sweep(const Communicator& comm, const SweepPlan& plan, const RankPlace& place) {
  const RankGroup group(comm, plan.ranks_per_point);
  for (const int64_t point : plan.selected) {
    if (group.number() > 0) break;
    if (comm.is_root()) fmt::print("{}\n", title_of(plan, point));
    const Config config = plan.config(point);
    Settings settings;
    agree_in(group, [&] {
      group.comm().agree([&] { settings = make_settings(config); });
      dry_run({group.comm(), config, settings, place});
    });
  }
  comm.barrier();
}

}  // namespace medpfl
