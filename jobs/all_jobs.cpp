#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "flags.hpp"
#include "job.hpp"
#include "terminal/exit_codes.hpp"

namespace medpfl {
namespace {

constexpr const char* kExitCodes = "exit-codes";

std::string usage() {
  std::string out =
      "medpfl: how much private medical images leak from federated learning\n\n"
      "usage: medpfl JOB [--section.option=value ...] [flags]\n\njobs:\n";
  for (const Job* job : all_jobs()) out += fmt::format("  {:<12} {}\n", job->name, job->summary);
  return out +
         "\nmedpfl JOB --help, or medpfl help JOB, shows what a job does and its options.\n"
         "medpfl help exit-codes shows the exit codes (docs/exit_codes.md). Flags: --help "
         "--version\n"
         "Under MPI: mpirun -n 4 medpfl simulate ..., or srun --mpi=pmix medpfl simulate ...\n";
}

}  // namespace

const std::vector<const Job*>& all_jobs() {
  static const std::vector<const Job*> jobs = {
      &kSimulateJob, &kAuditJob,   &kSweepJob,  &kAttackJob, &kBenchmarkJob,
      &kListJob,     &kInspectJob, &kVerifyJob, &kWatchJob,  &kCompletionJob};
  return jobs;
}

const Job& find_job(const std::string& name) {
  std::vector<std::string> names;
  for (const Job* job : all_jobs()) {
    if (name == job->name) return *job;
    names.emplace_back(job->name);
  }
  names.emplace_back("help");
  const std::string guess = nearest(name, names);
  throw ConfigError(fmt::format("unknown job '{}'{}; jobs: {}", name,
                                guess.empty() ? "" : " (did you mean " + guess + "?)",
                                join(names)));
}

std::string show_help(const std::vector<std::string>& words) {
  if (words.empty()) return usage();
  if (words.front() == kExitCodes) return list_exit_codes();
  const Job& job = find_job(words.front());
  if (words.size() > 2)
    throw ConfigError(fmt::format("--help takes one topic, and {} are given", words.size() - 1));
  return help_page(job.help(), flags_of(job.name), words.size() > 1 ? words[1] : "");
}

}  // namespace medpfl
