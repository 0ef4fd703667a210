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
  /// Ends the job with this exit code without the notices that mpirun of Open MPI prints below an
  /// error where main returns a code other than 0. Waits for all ranks and does not return. Where
  /// that is not needed (code 0, another launcher) or not possible (the MPI library can only abort
  /// with a notice) it returns at once, and main must return the code. Collective.
  void end(int code) const;
  /// Ends all ranks at once with this exit code.
  [[noreturn]] void abort(int code) const;

 private:
  bool under_mpirun_;
};

/// Does what MpiSession::end does, for a process whose command line was refused before MPI was
/// started; every process of the job calls it, as all have the same command line. Does nothing
/// where MPI was started already.
void end_unstarted(int code, int* argc, char*** argv);

/// Returns the name and version of the MPI library in one line, as "Open MPI v4.1.4, ...".
std::string mpi_library_version();

}  // namespace medpfl
