// medpfl watch: how far a job is that works elsewhere.
#include "terminal/watch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "core/backoff.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "job.hpp"

namespace medpfl {
namespace {

JobHelp help() {
  return {"medpfl watch RUN [flags]",
          "Shows how far a job is that works on RUN, the folder of a run, an audit or a sweep: "
          "round, loss, accuracy, the task in hand, the best image so far, and the time left. "
          "Ends when the job does. On a terminal the view renews itself; elsewhere lines come "
          "less and less often.",
          {"medpfl watch runs/mine", "medpfl watch runs/audit >> audit.log"},
          {},
          "Interrupt it with Ctrl-C; the job goes on.",
          {}};
}

// Replaces the lines it has shown before.
class Screen {
 public:
  void show(const std::vector<std::string>& lines) {
    if (shown_ > 0) fmt::print("\033[{}A", shown_);
    for (const std::string& line : lines) fmt::print("\r\033[K{}\n", line);
    fmt::print("\033[J");
    std::fflush(stdout);
    shown_ = lines.size();
  }

 private:
  size_t shown_ = 0;
};

int run(const JobArguments& arguments) {
  if (arguments.line.words.size() != 1)
    throw ConfigError("medpfl watch takes the folder of a run: medpfl watch runs/x");
  const std::string& folder = arguments.line.words[0];
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  Screen screen;
  Backoff backoff;
  for (bool first = true;; first = false) {
    const JobView view = look_at(folder);
    const std::vector<std::string> lines = view_lines(view, std::time(nullptr));
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    if (terminal) {
      screen.show(lines);
    } else if (first || view.ended || backoff.due(elapsed)) {
      fmt::print("{}\n", join(lines, "; "));
      std::fflush(stdout);
    }
    if (view.ended) return 0;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace

const Job kWatchJob = {"watch", "shows how far a job is that works elsewhere", help, nullptr, run};

}  // namespace medpfl
