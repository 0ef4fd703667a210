// medpfl inspect: a run's summary in the terminal.
#include <fmt/format.h>

#include "core/error.hpp"
#include "job.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {
namespace {

std::string help() {
  return "usage: medpfl inspect RUN\n\nRUN is a run's folder or its run.h5. Shows status, training "
         "and "
         "what leaked.\n";
}

int run(const JobArguments& arguments) {
  if (arguments.line.words.size() != 1)
    throw ConfigError("medpfl inspect takes the folder of a run: medpfl inspect runs/x");
  fmt::print("{}", summarize_run(arguments.line.words[0]));
  return 0;
}

}  // namespace

const Job kInspectJob = {"inspect", "summary of a run in the terminal", help, nullptr, run};

}  // namespace medpfl
