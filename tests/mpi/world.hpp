#pragma once
#include <mpi.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "core/process.hpp"
#include "core/text.hpp"

namespace medpfl {

inline Communicator world() { return Communicator(MPI_COMM_WORLD); }

/// A path for a folder of this test program, the same on all ranks, new at each call. Collective.
inline std::string new_folder() {
  static int number = 0;
  const std::string name = "medpfl-test-" + std::to_string(getpid()) + "-";
  return world().broadcast(
      (std::filesystem::temp_directory_path() / (name + std::to_string(number++))).string());
}

/// Returns the host of each rank. Collective.
inline std::vector<std::string> hosts(const Communicator& comm) {
  return split_list(comm.broadcast(join(comm.gather(host_name()))));
}

/// Returns the error of rank `from` as this rank tells it: the host of another is named.
/// Collective.
inline std::string as_told(const Communicator& comm, const std::string& error, int from) {
  const std::string host = hosts(comm).at(static_cast<size_t>(from));
  return host == host_name() ? error : error + " (on " + host + ")";
}

}  // namespace medpfl
