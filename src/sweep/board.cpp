#include "sweep/board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/text.hpp"
#include "results/folder/file_digests.hpp"
#include "study/same_config.hpp"
#include "sweep/sweep_file.hpp"

namespace medpfl {

SweepBoard::SweepBoard(const SweepPlan& plan)
    : plan_(plan), folder_(plan.output), states_(plan.grid.points.size()) {}

void SweepBoard::refresh() {
  for (size_t i = 0; i < states_.size(); ++i)
    // The process of a complete run without seconds has not yet written how it ended.
    if (states_[i].status != "complete" || states_[i].seconds == 0)
      states_[i] = folder_.read(static_cast<int64_t>(i));
}

int64_t SweepBoard::first_failed() const {
  for (const int64_t point : plan_.selected)
    if (state(point).status == "failed") return point;
  return -1;
}

void SweepBoard::print() const {
  std::map<std::string, int> count;
  std::vector<int> failed;
  for (const int64_t point : plan_.selected) {
    const PointState& now = state(point);
    const std::string& block = plan_.grid.points[static_cast<size_t>(point)].block;
    const std::string& status = now.holder.empty() ? now.status : "running";
    ++count[status];
    fmt::print("{:05}  {:<11}  {:>9.1f} s  {}{}\n", point, status, now.seconds,
               block.empty() ? "" : fmt::format("[{}] ", block), plan_.describe(point));
    if (status == "running") fmt::print("       by {}\n", now.holder);
    if (status != "failed") continue;
    failed.push_back(static_cast<int>(point));
    fmt::print("       {}\n", now.error);
  }
  const int running = count["running"];
  fmt::print("{} points: {} complete, {} interrupted, {} failed, {} open{}\n",
             plan_.selected.size(), count["complete"], count["interrupted"], count["failed"],
             count["open"], running > 0 ? fmt::format(", {} running", running) : "");
  if (!failed.empty())
    fmt::print("failed: {}; run them again with medpfl sweep --run.output={} --retry-failed\n",
               format_ranges(failed), folder_.path());
}

void SweepBoard::write_index(bool working) const {
  SweepRecord record;
  record.status = working ? "running" : status();
  record.config = record_config(plan_.base);
  record.grid = plan_.grid_text;
  for (const auto& [option, where] : plan_.grid.options) record.options.push_back(option);
  const std::vector<Comparison> stands = compare_points(plan_);
  for (size_t i = 0; i < states_.size(); ++i) {
    const auto point = static_cast<int64_t>(i);
    const Grid::Point& values = plan_.grid.points[i];
    const PointState& now = states_[i];
    record.points.push_back({SweepFolder::name(point), values.block, now.status, now.exit_code,
                             now.error, now.seconds, folder_.has_run(point), stands[i],
                             plan_.answering.empty() ? "" : plan_.answering[i], values.values});
  }
  write_with_digest(folder_.path(), "sweep.h5", record.status == "complete",
                    [&] { write_sweep(folder_.path(), record); });
}

std::string SweepBoard::status() const {
  const auto count = [this](const char* status) {
    return static_cast<size_t>(
        std::count_if(states_.begin(), states_.end(),
                      [status](const PointState& state) { return state.status == status; }));
  };
  if (count("complete") == states_.size()) return "complete";
  return count("complete") + count("failed") == states_.size() ? "failed" : "interrupted";
}

}  // namespace medpfl
