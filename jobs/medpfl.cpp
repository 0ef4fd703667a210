// The one binary: finds the job, starts MPI, and catches what went wrong, once.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "comm/session.hpp"
#include "core/error.hpp"
#include "core/error_message.hpp"
#include "core/log.hpp"
#include "core/process.hpp"
#include "core/stop.hpp"
#include "core/version.hpp"
#include "flags.hpp"
#include "h5/handle.hpp"
#include "job.hpp"

namespace medpfl {
namespace {

// Runs a job on all ranks and returns its exit code. After an error that every rank knows the job
// ends in order; an error of one rank must end the others at once.
int run_parallel(const Job& job, const JobArguments& arguments, bool speaks, int* argc,
                 char*** argv) {
  // Signals are caught before the slow start of MPI, so that an early one is not lost.
  if (job.stoppable) catch_stop_signals(speaks);
  MpiSession session(argc, argv);
  const Communicator world = session.world();
  start_log(world.rank(), world.size(), arguments.quiet);
  const auto end = [&](int code) {
    session.end(code);
    return code;
  };
  ExitCode code = ExitCode::kInternal;
  std::string message;
  try {
    return end(job.run_parallel(world, arguments));
  } catch (const AgreedError& error) {
    const auto say = error.code() == ExitCode::kInterrupted ? log_warning : log_error;
    if (world.is_root()) say(error.what());
    return end(static_cast<int>(error.code()));
  } catch (const Error& error) {
    code = error.code();
    message = error.what();
  } catch (const std::exception& error) {
    message = message_of(error);
  }
  log_error(message);
  if (world.size() > 1) session.abort(static_cast<int>(code));
  return static_cast<int>(code);
}

// Whether this is the process of a launch that prints errors, by the launcher's environment. To be
// asked before MPI starts, which sets such a variable itself where launcher and MPI do not match.
bool first_of_launch() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"})
    if (const char* rank = std::getenv(name)) return std::string(rank) == "0";
  return true;
}

int dispatch(bool speaks, int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "--help";
  const std::vector<std::string> rest(argv + std::min(argc, 2), argv + argc);
  if (first == "--help" || first == "-h" || first == "help") {
    std::fputs(show_help(rest).c_str(), argc > 1 ? stdout : stderr);
    return argc > 1 ? 0 : static_cast<int>(ExitCode::kConfig);
  }
  if (first == "--version") {
    fmt::print("medpfl {} ({}), LibTorch {}\n", version(), git_commit(), torch_version());
    return 0;
  }
  const Job& job = find_job(first);
  const JobArguments arguments = parse_arguments(job.name, rest);
  if (arguments.help) {
    std::vector<std::string> words = arguments.line.words;
    words.insert(words.begin(), job.name);
    std::fputs(show_help(words).c_str(), stdout);
    return 0;
  }
  if (job.run_parallel != nullptr) return run_parallel(job, arguments, speaks, &argc, &argv);
  if (const CommandLine::Given& options = arguments.line.options; !options.empty())
    throw ConfigError(
        fmt::format("medpfl {} takes no option, and --{} is one", job.name, options.front().first));
  return job.run_serial(arguments);
}

}  // namespace

}  // namespace medpfl

int main(int argc, char** argv) {
  using namespace medpfl;  // NOLINT: main alone
  prepare_process(1);
  h5::prepare_hdf5();
  start_log(0, 1, false);
  const bool speaks = first_of_launch();
  try {
    const int code = dispatch(speaks, argc, argv);
    // What a full disk or a closed pipe refuses shows here at the latest.
    errno = 0;
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw OutputError("cannot write to the standard output" +
                        (errno == 0 ? std::string() : std::string(": ") + std::strerror(errno)));
    return code;
  } catch (const Error& error) {
    // srun ends all processes with the first that fails: wait until the error has been printed.
    if (speaks)
      log_error(error.what());
    else
      std::this_thread::sleep_for(std::chrono::seconds(3));
    end_unstarted(static_cast<int>(error.code()), &argc, &argv);
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    log_error(error.what());
    return static_cast<int>(ExitCode::kInternal);
  }
}
