#include "sweep/point_run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "core/error_message.hpp"
#include "core/log.hpp"
#include "study/federated_run.hpp"

namespace medpfl {
namespace {

const char* status_of(ExitCode code) {
  switch (code) {
    case ExitCode::kOk:
      return "complete";
    case ExitCode::kInterrupted:
      return "interrupted";
    case ExitCode::kBusy:
      return "busy";
    default:
      return "failed";
  }
}

}  // namespace

std::string title_of(const SweepPlan& plan, int64_t point) {
  return fmt::format("point {:05}, {}/{} {}", point, point + 1, plan.grid.points.size(),
                     plan.describe(point));
}

PointState run_point(const RankGroup& ranks, const RankPlace& place, const SweepPlan& plan,
                     int64_t point, double max_walltime) {
  using Clock = std::chrono::steady_clock;
  const Communicator& group = ranks.comm();
  const SweepFolder folder(plan.output);
  RunRequest request;
  request.resume = std::filesystem::exists(folder.run(point));
  request.max_walltime = max_walltime;
  const auto start = Clock::now();
  const PointState before = folder.read(point);
  const auto ended = [&](ExitCode code, const std::string& error) {
    PointState now = before;
    now.status = status_of(code);
    now.exit_code = static_cast<int64_t>(code);
    now.seconds += std::chrono::duration<double>(Clock::now() - start).count();
    now.error = error;
    return now;
  };
  const auto failed_alone = [&](ExitCode code, const std::string& error) {
    const PointState now = ended(code, error);
    if (group.size() == 1) return now;
    // The other ranks wait for this one: the job must end, and the next call must know why.
    folder.write(point, now);
    throw Error(code, fmt::format("{}: {}", title_of(plan, point), error));
  };
  try {
    const Config config = plan.config(point);
    Settings settings;
    group.agree([&] { settings = make_settings(config); });
    return ended(run_federation({group, config, settings, place}, request), "");
  } catch (const AgreedError& error) {
    return ended(error.code(), error.what());
  } catch (const Error& error) {
    return failed_alone(error.code(), error.what());
  } catch (const std::exception& error) {
    return failed_alone(ExitCode::kInternal, message_of(error));
  }
}

}  // namespace medpfl
