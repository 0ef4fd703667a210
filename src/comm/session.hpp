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
  /// Ends all ranks at once with this exit code.
  [[noreturn]] void abort(int code) const;
};

/// "Open MPI v4.1.4, ...", one line.
std::string mpi_library_version();

}  // namespace medpfl
