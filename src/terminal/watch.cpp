#include "terminal/watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <system_error>

#include "core/error.hpp"
#include "core/file_faults.hpp"
#include "h5/file.hpp"
#include "results/folder/run_holder.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

// Older than this, what was published tells nothing of now.
constexpr int64_t kStaleSeconds = 120;
const char* const kIndexes[] = {"audit.h5", "sweep.h5"};  // of jobs that are folders of runs

// The status in the result file at `path`; nothing where there is none yet.
std::optional<std::string> status_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  return h5::File::open(path.string()).read_text_attribute("/", "status");
}

// The newest progress under a folder; a run whose files come and go meanwhile is left out.
void find_newest(const fs::path& folder, JobView* view) {
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->path().filename() != kProgressFile) continue;
    const auto progress = read_progress(at->path().parent_path().string());
    if (!progress || progress->updated < view->progress.updated) continue;
    view->progress = *progress;
    view->run = at->path().parent_path().string();
  }
}

std::string time_words(double seconds) {
  const auto whole = static_cast<int64_t>(std::ceil(seconds));
  if (whole >= 3600)
    return fmt::format("{}:{:02d}:{:02d} left", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02d} left", whole / 60, whole % 60);
}

}  // namespace

JobView look_at(const std::string& folder) {
  JobView view;
  refuse_unreadable_result(folder);
  const fs::path path(folder);
  bool several = false;
  std::optional<std::string> status;
  for (const char* index : kIndexes) {
    status = status_of(path / index);
    if ((several = status.has_value())) break;
  }
  if (!several) status = status_of(path / "run.h5");
  find_newest(path, &view);
  if (!status && view.run.empty())
    throw FormatError(fmt::format(
        "{}: there is no run, audit or sweep at work; give the folder of --run.output, and wait "
        "for the first second of a job that has just begun",
        folder));
  view.status = status.value_or("running");
  const RunHolder holder = find_holder(view.run.empty() ? folder : view.run);
  if (view.status == "running" && !(several && view.run.empty()))
    view.holder = describe_holder(holder);
  if (!view.holder.empty() && view.holder.back() == '\n') view.holder.pop_back();
  // Between two runs of an audit or a sweep nobody holds one.
  view.ended = view.status != "running" || (!several && holder.state == ProcessState::kGone);
  return view;
}

std::vector<std::string> view_lines(const JobView& view, int64_t now) {
  std::vector<std::string> lines;
  if (view.ended || view.run.empty()) {
    lines.push_back(view.status);
    if (!view.holder.empty()) lines.push_back(view.holder);
    return lines;
  }
  const RunProgress& p = view.progress;
  std::string head = fmt::format("{} {} of {}", p.work, p.done, p.total);
  if (!std::isnan(p.seconds_left)) head += ", " + time_words(p.seconds_left);
  lines.push_back(head);
  std::string training = fmt::format("{} of {} rounds trained", p.rounds_done, p.rounds);
  if (!std::isnan(p.training_loss)) training += fmt::format(", loss {:.4f}", p.training_loss);
  if (!std::isnan(p.balanced_accuracy))
    training += fmt::format(", balanced accuracy {:.0f}%", 100 * p.balanced_accuracy);
  if (p.rounds_done > 0) lines.push_back(training);
  for (size_t from = 0; from < p.detail.size();) {
    const size_t end = std::min(p.detail.find("; ", from), p.detail.size());
    lines.push_back(p.detail.substr(from, end - from));
    from = end + 2;
  }
  if (now - p.updated > kStaleSeconds)
    lines.push_back(fmt::format("nothing new for {} s; {}", now - p.updated, view.holder));
  return lines;
}

}  // namespace medpfl
