#pragma once
#include <mpi.h>

#include "comm/communicator.hpp"

namespace medpfl {

inline Communicator world() { return Communicator(MPI_COMM_WORLD); }

}  // namespace medpfl
