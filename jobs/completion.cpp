// medpfl completion: a script by which a shell completes the words of a command.
#include "terminal/completion.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "flags.hpp"
#include "job.hpp"

namespace medpfl {
namespace {

JobHelp help() {
  return {"medpfl completion bash",
          "Prints a script by which bash completes subcommands, flags, options and their words.",
          {"source <(medpfl completion bash)"},
          {},
          "",
          {"bash"}};
}

int run(const JobArguments& arguments) {
  if (arguments.line.words != std::vector<std::string>{"bash"})
    throw ConfigError("medpfl completion takes the name of a shell: medpfl completion bash");
  std::vector<CompletedJob> jobs;
  for (const Job* job : all_jobs()) {
    const JobHelp about = job->help();
    jobs.push_back({job->name, flags_of(job->name), job->run_parallel != nullptr, about.words,
                    help_topics(about)});
  }
  fmt::print("{}", bash_completion(jobs));
  return 0;
}

}  // namespace

const Job kCompletionJob = {"completion", "prints a script for completion in bash", help, nullptr,
                            run};

}  // namespace medpfl
