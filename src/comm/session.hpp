#pragma once
#include "comm/communicator.hpp"

namespace medpfl {

/// Starts MPI in the constructor and ends it in the destructor. A process has one session, in main.
class MpiSession {
 public:
  /// Throws CommunicationError where the launcher started several tasks but MPI sees only one: the
  /// launcher and the MPI library do not match, and every task would run the whole job.
  MpiSession(int* argc, char*** argv);
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  Communicator world() const;
  /// Waits for all ranks and ends them with this exit code, or returns where MPI_Finalize and a
  /// return from main have the same effect. Collective. mpirun of Open MPI writes two notices below
  /// an error where main returns a code other than 0.
  void end(int code) const;
  /// Ends all ranks at once with this exit code.
  [[noreturn]] void abort(int code) const;

 private:
  bool under_mpirun_;
};

/// Does what MpiSession::end does for a process whose command line was refused before MPI was
/// started; all processes of a job have the same command line. Does nothing where MPI was started.
void end_unstarted(int code, int* argc, char*** argv);

/// Returns the name and version of the MPI library in one line, as "Open MPI v4.1.4, ...".
std::string mpi_library_version();

}  // namespace medpfl
