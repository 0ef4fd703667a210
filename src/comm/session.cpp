#include "comm/session.hpp"

#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "comm/check.hpp"
#include "core/text.hpp"

#ifdef OPEN_MPI
// Aborts as MPI_Abort of Open MPI does, without the notice that MPI_Abort writes first. It is not
// in mpi.h; where a library no longer has it, MPI_Abort is called.
extern "C" int ompi_mpi_abort(MPI_Comm comm, int code) __attribute__((weak));
#endif

namespace medpfl {
namespace {

// Returns how many tasks the launcher of this process started, as far as its environment says;
// else 1. The nearest launcher comes first: under mpirun in a Slurm job the variables of Slurm
// count the batch step, or the step that started mpirun's daemons, one on each node.
int launched_tasks() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"})
    if (const char* text = std::getenv(name)) return std::atoi(text);
  return 1;
}

// Whether Open MPI has no way to the other tasks of srun: it knows them by PMIx or PMI, and would
// end each task with a page on how it should have been built.
bool lacks_process_management() {
#ifdef OPEN_MPI
  if (std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr) return false;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (text.substr(0, 4) == "PMI_" || text.substr(0, 5) == "PMIX_") return false;
  }
  return true;
#else
  return false;
#endif
}

bool can_abort_without_notice() {
#ifdef OPEN_MPI
  return ompi_mpi_abort != nullptr;
#else
  return false;
#endif
}

[[noreturn]] void abort_all(int code) {
  std::fflush(nullptr);
#ifdef OPEN_MPI
  if (can_abort_without_notice()) ompi_mpi_abort(MPI_COMM_WORLD, code);
#endif
  MPI_Abort(MPI_COMM_WORLD, code);
  std::abort();
}

[[noreturn]] void refuse(int tasks) {
  throw CommunicationError(fmt::format(
      "the launcher started {} tasks, but MPI sees a world of one: launcher and MPI library do not "
      "match. Use `srun --mpi=pmix`, or the mpirun of the MPI this program was built with",
      tasks));
}

}  // namespace

// Before MPI_Init, which sets the variable itself under srun.
MpiSession::MpiSession(int* argc, char*** argv)
    : under_mpirun_(std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr) {
  const int tasks = launched_tasks();  // before MPI adds variables of its own
  if (tasks > 1 && lacks_process_management()) refuse(tasks);
  int provided = 0;
  check_mpi(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  if (tasks > 1 && world().size() == 1) {
    MPI_Finalize();
    refuse(tasks);
  }
}

MpiSession::~MpiSession() { MPI_Finalize(); }

Communicator MpiSession::world() const { return Communicator(MPI_COMM_WORLD); }

void MpiSession::end(int code) const {
  if (code == 0 || !under_mpirun_ || !can_abort_without_notice()) return;
  std::fflush(nullptr);
  // No rank is ended before all have closed their files and written their messages.
  world().barrier();
  if (world().is_root()) abort_all(code);
  while (true) pause();
}

void end_unstarted(int code, int* argc, char*** argv) {
  int started = 0;
  MPI_Initialized(&started);
  if (started != 0 || std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr || !can_abort_without_notice())
    return;
  try {
    MpiSession(argc, argv).end(code);
  } catch (const CommunicationError&) {
    // The launcher belongs to another MPI; main returns the code.
  }
}

void MpiSession::abort(int code) const { abort_all(code); }

std::string mpi_library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  check_mpi(MPI_Get_library_version(text, &length), "MPI_Get_library_version");
  const std::string all(text, static_cast<size_t>(length));
  return trim(all.substr(0, all.find(',')));
}

}  // namespace medpfl
