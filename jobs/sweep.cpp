// medpfl sweep: a run at every point of a grid of options.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "comm/rank_group.hpp"
#include "comm/rank_place.hpp"
#include "config/settings.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/process.hpp"
#include "core/stop.hpp"
#include "job.hpp"
#include "sweep_board.hpp"
#include "sweep_folder.hpp"
#include "sweep_request.hpp"

namespace medpfl {
namespace {

std::string help() {
  return "usage: [mpirun -n RANKS] medpfl sweep --grid FILE [--config FILE] "
         "[--section.option=value ...]\n\n"
         "Runs medpfl simulate at every point of a grid of options, into run.output/points/NNNNN, "
         "and keeps the index run.output/sweep.h5. The same command again goes on: complete points "
         "stay, interrupted ones are resumed, open ones begun; failed ones stay unless "
         "--retry-failed is given. Without --grid it goes on with the sweep in run.output.\n\n"
         "A grid file: lines section.option = v1 | v2 | v3, crossed with each other, in the "
         "section [grid]; each further section [NAME] is a block with lines of its own, crossed "
         "with those of [grid], and the points are those of all blocks.\n\n"
         "flags:\n"
         "  --grid FILE           options that vary\n"
         "  --config FILE         the other options from an INI file; the command line wins\n"
         "  --ranks-per-point N   groups of N ranks work on points of their own (default: all "
         "ranks work on one point after another)\n"
         "  --index I             only point I, from 0, as one task of a job array\n"
         "  --index I/N           only share I, from 0, of N: points I, I+N, I+2N, ...\n"
         "  --merge               write the index of what was run under --index, and end\n"
         "  --list                show the points and how they stand, and end\n"
         "  --retry-failed        run failed points again\n"
         "  --overwrite           remove the sweep that is in run.output, and begin anew\n"
         "  --print-config        show the options that all points share as INI and end\n"
         "  --dry-run             show what each point would need, and end\n"
         "  --max-walltime T      stop with a checkpoint before T (HH:MM:SS) has passed\n"
         "  --quiet               warnings and errors only\n\n"
         "SIGUSR1 or SIGTERM: the step in hand is finished, a checkpoint written, exit code 75. "
         "Where points failed, the exit code is that of the first.\n" +
         describe_sections();
}

class Sweep {
 public:
  Sweep(const Communicator& comm, const SweepRequest& request, const JobArguments& arguments)
      : comm_(comm),
        request_(request),
        arguments_(arguments),
        folder_(request.output),
        board_(request),
        begun_(Clock::now()) {}

  /// Works on the points; the exit code. Collective.
  int run(const RankPlace& place) {
    const std::vector<int64_t> due = begin();
    const RankGroup group(comm_, request_.ranks_per_point);
    if (group.comm().is_root() && !arguments_.quiet) show_information();
    bool stopped = false;
    for (size_t i = 0; i < due.size() && !stopped; ++i)
      if (i % static_cast<size_t>(group.count()) == static_cast<size_t>(group.number()))
        stopped = !run_point(group, place, due[i]);
    stopped = comm_.max(stopped ? 1 : 0) > 0;
    busy_ = comm_.max(busy_ ? 1 : 0) > 0;
    int code = 0;
    comm_.agree([&] {
      if (comm_.is_root()) code = finish(stopped);
    });
    comm_.broadcast(&code, sizeof code);
    return code;
  }

  /// Shows what each point would need, on the ranks of one group. Collective.
  void dry_run(const RankPlace& place) const {
    const RankGroup group(comm_, request_.ranks_per_point);
    for (const int64_t point : request_.selected) {
      if (group.number() > 0) break;
      if (comm_.is_root()) fmt::print("{}\n", title(point));
      const Config config = request_.config(point);
      Settings settings;
      agree_in(group, [&] {
        group.comm().agree([&] { settings = make_settings(config); });
        medpfl::dry_run(group.comm(), config, settings, place);
      });
    }
    comm_.barrier();
  }

 private:
  using Clock = std::chrono::steady_clock;

  static double since(Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  }

  bool keeps_index() const { return arguments_.index.empty(); }

  std::string title(int64_t point) const {
    return fmt::format("point {:05}, {}/{} {}", point, point + 1, request_.grid.points.size(),
                       request_.describe(point));
  }

  // The points to work on, on all ranks.
  std::vector<int64_t> begin() {
    ByteWriter due;
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      folder_.begin(request_.base, request_.grid_text);
      board_.refresh();
      if (keeps_index()) board_.write_index(true);
      std::vector<int64_t> points;
      for (const int64_t point : request_.selected) {
        const std::string& status = board_.state(point).status;
        if (status == "failed" ? arguments_.retry_failed : status != "complete")
          points.push_back(point);
      }
      due.array(points);
    });
    const std::string bytes = comm_.broadcast(due.take());
    return ByteReader(bytes).array<int64_t>();
  }

  // What one of several groups agrees on, the others do not know: then it must end them too.
  template <typename Action>
  static void agree_in(const RankGroup& group, Action action) {
    try {
      action();
    } catch (const AgreedError& error) {
      if (group.count() == 1) throw;
      throw Error(error.code(), error.what());
    }
  }

  // False: stopped as asked. Collective in the group.
  bool run_point(const RankGroup& ranks, const RankPlace& place, int64_t point) {
    const Communicator& group = ranks.comm();
    const double left = arguments_.max_walltime - since(begun_);
    const bool limited = arguments_.max_walltime > 0;
    if (group.max(stop_signalled() || (limited && left <= 0) ? 1 : 0) > 0) return false;
    log_info(title(point));
    JobArguments arguments;
    arguments.resume = std::filesystem::exists(folder_.run(point));
    arguments.max_walltime = limited ? left : 0;
    const auto start = Clock::now();
    PointState now = folder_.read(point);
    const auto end = [&](ExitCode code, const std::string& error) {
      now.status = code == ExitCode::kOk            ? "complete"
                   : code == ExitCode::kInterrupted ? "interrupted"
                                                    : "failed";
      now.exit_code = static_cast<int64_t>(code);
      now.seconds += since(start);
      now.error = error;
    };
    const auto fail_alone = [&](ExitCode code, const std::string& error) {
      end(code, error);
      if (group.size() == 1) return;
      // The other ranks wait for this one: the job must end, and the next call must know why.
      folder_.write(point, now);
      throw Error(code, fmt::format("{}: {}", title(point), error));
    };
    try {
      const Config config = request_.config(point);
      Settings settings;
      group.agree([&] { settings = make_settings(config); });
      end(static_cast<ExitCode>(simulate(group, config, settings, arguments, place)), "");
    } catch (const AgreedError& error) {
      if (error.code() == ExitCode::kBusy) {
        // Its state is for the other to write.
        log_warning(fmt::format("{} is left alone: {}", title(point), error.what()));
        busy_ = true;
        return true;
      }
      end(error.code(), error.what());
    } catch (const Error& error) {
      fail_alone(error.code(), error.what());
    } catch (const std::exception& error) {
      fail_alone(ExitCode::kInternal, message_of(error));
    }
    agree_in(ranks, [&] {
      group.agree([&] {
        if (!group.is_root()) return;
        folder_.write(point, now);
        if (now.status == "failed")
          log_warning(fmt::format("{} failed: {}", title(point), now.error));
        if (!comm_.is_root() || !keeps_index()) return;
        board_.refresh();
        board_.write_index(true);
      });
    });
    return now.status != "interrupted";
  }

  int finish(bool stopped) {
    board_.refresh();
    if (keeps_index()) board_.write_index(false);
    board_.print();
    if (!keeps_index())
      fmt::print("index of all points: medpfl sweep --merge --run.output={}\n", folder_.path());
    if (stopped) {
      log_warning(
          fmt::format("stopped as asked; go on with medpfl sweep --run.output={}", folder_.path()));
      return static_cast<int>(ExitCode::kInterrupted);
    }
    const int64_t failed = board_.first_failed();
    if (failed >= 0) return static_cast<int>(board_.state(failed).exit_code);
    return busy_ ? static_cast<int>(ExitCode::kBusy) : 0;
  }

  const Communicator& comm_;
  const SweepRequest& request_;
  const JobArguments& arguments_;
  SweepFolder folder_;
  SweepBoard board_;  // on rank 0
  Clock::time_point begun_;
  bool busy_ = false;  // a point was left to another process
};

int run(const Communicator& comm, const JobArguments& arguments) {
  const SweepRequest request = read_sweep_request(comm, arguments);
  if (arguments.print_config) {
    if (comm.is_root()) fmt::print("{}", request.base.to_ini(true));
    return 0;
  }
  comm.agree([&] {
    if (!comm.is_root()) return;
    const SweepFolder folder(request.output);
    if (arguments.overwrite && !arguments.index.empty())
      throw ConfigError(
          "--overwrite removes all points, and --index runs some of them: begin the "
          "sweep anew in another folder");
    if (arguments.merge && !folder.begun())
      throw ConfigError(fmt::format("--merge: no sweep was begun in {}", request.output));
    const bool changes = !arguments.list && !arguments.merge && !arguments.dry_run;
    if (arguments.overwrite && changes) folder.remove();
    folder.check(request.base, request.grid_text);
  });
  if (arguments.list || arguments.merge) {
    comm.agree([&] {
      if (!comm.is_root()) return;
      SweepBoard board(request);
      board.refresh();
      if (arguments.merge) board.write_index(false);
      board.print();
    });
    return 0;
  }
  const OptionValues options = request.base.section("run");
  const int threads =
      options.text("threads") == "auto" ? 0 : static_cast<int>(options.integer("threads"));
  const RankPlace place = find_place(comm, threads, options.text("device"));
  prepare_process(place.threads);
  Sweep sweep(comm, request, arguments);
  if (!arguments.dry_run) return sweep.run(place);
  sweep.dry_run(place);
  return 0;
}

}  // namespace

const Job kSweepJob = {
    "sweep", "runs simulate at every point of a grid of options", help, run, nullptr, true};

}  // namespace medpfl
