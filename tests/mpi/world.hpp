#pragma once
#include <mpi.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "comm/communicator.hpp"

namespace medpfl {

inline Communicator world() { return Communicator(MPI_COMM_WORLD); }

/// A path for a folder of this test program, the same on all ranks, new at each call. Collective.
inline std::string new_folder() {
  static int number = 0;
  const std::string name = "medpfl-test-" + std::to_string(getpid()) + "-";
  return world().broadcast(
      (std::filesystem::temp_directory_path() / (name + std::to_string(number++))).string());
}

}  // namespace medpfl
