#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "config/config.hpp"
#include "terminal/job_help.hpp"

namespace medpfl {

/// The value of --max-walltime.
struct Walltime {
  double seconds = 0;  ///< 0: no limit
};

/// What the words behind `medpfl JOB` mean (parse_arguments).
struct JobArguments {
  CommandLine line;    ///< options of sections, and words that are neither options nor flags
  std::string config;  ///< --config FILE
  bool help = false, print_config = false, quiet = false, overwrite = false, resume = false,
       strict = false;
  std::string input;        ///< --input RUN of medpfl attack and audit
  bool json = false;        ///< --json of medpfl inspect
  int64_t evaluations = 0;  ///< --evaluations: of an attack on a message; 0: not given
  Walltime max_walltime;
  bool dry_run = false;  ///< whether to print an estimate and end

  // Of medpfl audit. "": not given, which leaves the option it stands for.
  std::string data, public_images, weights, model, clients, rounds;
  std::vector<std::string> presets;  ///< attacks that are tried at their defaults, too
  double epsilon = 0;                ///< 0: no noise is added for it
  double minutes = 15;               ///< about how long it may take
  int64_t networks = 1;              ///< federations, which differ in run.seed
  bool apart = false;                ///< whether rehearsals have a federation of their own

  // Of medpfl sweep.
  std::string grid;             ///< --grid FILE
  std::string index;            ///< --index I or I/N
  std::string ranks_per_point;  ///< --ranks-per-point N; "": all ranks
  bool list = false, merge = false, retry_failed = false;
};

/// One subcommand.
struct Job {
  const char* name;
  const char* summary;
  JobHelp (*help)();
  /// Runs the job on every rank and returns the exit code; null for a job that needs no MPI.
  int (*run_parallel)(const Communicator& comm, const JobArguments& arguments);
  /// Runs the job in one process and returns the exit code, where run_parallel is null.
  int (*run_serial)(const JobArguments& arguments);
  /// Whether the job ends in order, with a checkpoint, when it is signaled.
  bool stoppable = false;
};

/// Returns the configuration of a job: what `config` holds already, then the file (read by rank 0),
/// then the command line. Collective. Throws AgreedError.
Config read_config(const Communicator& comm, const JobArguments& arguments, Config config = {});

extern const Job kSimulateJob;
extern const Job kAuditJob;
extern const Job kSweepJob;
extern const Job kAttackJob;
extern const Job kBenchmarkJob;
extern const Job kListJob;
extern const Job kInspectJob;
extern const Job kVerifyJob;
extern const Job kWatchJob;
extern const Job kCompletionJob;

/// Returns all subcommands, in the order they are shown.
const std::vector<const Job*>& all_jobs();

/// Returns the subcommand with this name. Throws ConfigError with the nearest name where there is
/// none.
const Job& find_job(const std::string& name);

/// Returns what `medpfl help WORDS` shows: the usage for none, the exit codes, or a page of a
/// subcommand's help. Throws ConfigError.
std::string show_help(const std::vector<std::string>& words);

}  // namespace medpfl
