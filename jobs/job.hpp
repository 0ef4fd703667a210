#pragma once
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "config/config.hpp"

namespace medpfl {

/// A time as --max-walltime takes it.
struct Walltime {
  double seconds = 0;  ///< 0: no limit
};

/// The words behind `medpfl JOB`, read; see parse_arguments.
struct JobArguments {
  CommandLine line;    ///< options of sections, and words that are neither options nor flags
  std::string config;  ///< --config FILE
  bool help = false, print_config = false, quiet = false, overwrite = false, resume = false;
  std::string input;  ///< --input RUN of medpfl attack
  Walltime max_walltime;
  bool dry_run = false;  ///< estimate and end

  // Of medpfl sweep.
  std::string grid;             ///< --grid FILE
  std::string index;            ///< --index I or I/N
  std::string ranks_per_point;  ///< --ranks-per-point N; "": all
  bool list = false, merge = false, retry_failed = false;
};

/// One subcommand.
struct Job {
  const char* name;
  const char* summary;
  std::string (*help)();
  /// Runs on every rank and returns the exit code; null for a job that needs no MPI.
  int (*run_parallel)(const Communicator& comm, const JobArguments& arguments);
  /// Runs in one process, where run_parallel is null.
  int (*run_serial)(const JobArguments& arguments);
  /// Ends in order, with a checkpoint, when it is signalled.
  bool stoppable = false;
};

/// Returns the configuration of a job: what `config` holds already, then the file (read by rank 0),
/// then the command line. Collective. Throws AgreedError.
Config read_config(const Communicator& comm, const JobArguments& arguments, Config config = {});

extern const Job kSimulateJob;
extern const Job kSweepJob;
extern const Job kAttackJob;
extern const Job kBenchmarkJob;
extern const Job kListJob;
extern const Job kInspectJob;

}  // namespace medpfl
