// medpfl inspect: the summary of a run or of a sweep, for people or for programs.
#include "terminal/inspect.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "job.hpp"

namespace medpfl {
namespace {

JobHelp help() {
  return {"medpfl inspect RUN [flags]",
          "Shows status, training and what leaked of a run, or the points of a sweep. RUN is the "
          "folder, or the file run.h5 or sweep.h5.",
          {"medpfl inspect runs/mine", "medpfl inspect runs/mine --json"},
          {},
          "",
          {}};
}

int run(const JobArguments& arguments) {
  if (arguments.line.words.size() != 1)
    throw ConfigError("medpfl inspect takes the folder of a run: medpfl inspect runs/x");
  const std::string& path = arguments.line.words[0];
  fmt::print("{}", arguments.json ? inspect_as_json(path) : escaped(inspect_as_text(path)));
  return 0;
}

}  // namespace

const Job kInspectJob = {"inspect", "shows the summary of a run or a sweep", help, nullptr, run};

}  // namespace medpfl
