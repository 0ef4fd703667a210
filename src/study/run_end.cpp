#include "study/run_end.hpp"

#include <fmt/format.h>

#include "core/log.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {

void show_end(ExitCode code, const std::string& folder) {
  if (code == ExitCode::kInterrupted)
    log_warning(fmt::format("stopped as asked; go on with --resume --run.output={}", folder));
  else if (shows_information())
    fmt::print("{}\nresults: {}/run.h5\n", summarize_run(folder), folder);
}

}  // namespace medpfl
