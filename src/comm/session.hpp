#pragma once
#include "comm/communicator.hpp"

namespace medpfl {

/// MPI from MPI_Init to MPI_Finalize. One a process; lives in main, around the one catch.
class MpiSession {
 public:
  /// Throws CommunicationError when the launcher says several tasks and MPI a world of one (the
  /// launcher and the MPI library do not match: every task would run the whole job).
  MpiSession(int* argc, char*** argv);
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  Communicator world() const;
  /// Ends the ranks with this exit code after all came here, and returns where MPI_Finalize and a
  /// return from main do that alone. Collective. mpirun of Open MPI takes a code other than 0 at
  /// the return of main for a failure of its own, and writes two notices below the error.
  void end(int code) const;
  /// Ends all ranks at once with this exit code.
  [[noreturn]] void abort(int code) const;

 private:
  bool under_mpirun_;
};

/// The same as MpiSession::end for a process whose words were refused before it started MPI: those
/// of mpirun have the same words and are refused alike. Does nothing where MPI was started.
void end_unstarted(int code, int* argc, char*** argv);

/// "Open MPI v4.1.4, ...", one line.
std::string mpi_library_version();

}  // namespace medpfl
