#include "comm/session.hpp"

#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "comm/check.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

// Tasks of the launcher that started this process, as far as its environment says. The launcher
// nearest to the process comes first: under mpirun in a Slurm job the variables of Slurm are those
// of the batch step, or of the step that started mpirun's daemons, one a node.
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

[[noreturn]] void refuse(int tasks) {
  throw CommunicationError(fmt::format(
      "the launcher started {} tasks, but MPI sees a world of one: launcher and MPI library do not "
      "match. Use `srun --mpi=pmix`, or the mpirun of the MPI this program was built with",
      tasks));
}

}  // namespace

MpiSession::MpiSession(int* argc, char*** argv) {
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

void MpiSession::abort(int code) const {
  MPI_Abort(MPI_COMM_WORLD, code);
  std::abort();
}

std::string mpi_library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  check_mpi(MPI_Get_library_version(text, &length), "MPI_Get_library_version");
  const std::string all(text, static_cast<size_t>(length));
  return trim(all.substr(0, all.find(',')));
}

}  // namespace medpfl
