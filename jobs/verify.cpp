// medpfl verify: reads results as a whole and says what is damaged.
#include "results/run/verify.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "job.hpp"

namespace medpfl {
namespace {

JobHelp help() {
  return {"medpfl verify RUN [flags]",
          "Reads every value of a run, an audit or a sweep, with the recorded gradients, images, "
          "weights and checkpoints, compares what has a checksum with it and files with their "
          "digests in B2SUMS, and says what is damaged or missing. RUN is the folder, with all "
          "folders in it, or one file.",
          {"medpfl verify runs/mine"},
          {},
          "",
          {}};
}

int run(const JobArguments& arguments) {
  if (arguments.line.words.size() != 1)
    throw ConfigError("medpfl verify takes the folder of a run: medpfl verify runs/x");
  int64_t faults = 0;
  verify_results(arguments.line.words[0], [&](const FileCheck& found) {
    const std::string verdict = found.faults.empty()
                                    ? found.contents + ", all whole"
                                    : counted(static_cast<int64_t>(found.faults.size()), "fault");
    fmt::print("{}: {}\n", escaped(found.file), verdict);
    for (const std::string& fault : found.faults) fmt::print("  {}\n", escaped(fault));
    faults += static_cast<int64_t>(found.faults.size());
  });
  if (faults > 0)
    throw FormatError(fmt::format("{} in {}; copy it again from its origin, or make it anew",
                                  counted(faults, "fault"), arguments.line.words[0]));
  return 0;
}

}  // namespace

const Job kVerifyJob = {"verify", "reads results as a whole and says what is damaged", help,
                        nullptr, run};

}  // namespace medpfl
