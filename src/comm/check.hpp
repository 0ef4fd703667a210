#pragma once
#include <fmt/format.h>
#include <mpi.h>

#include "core/error.hpp"

namespace medpfl {

/// Throws CommunicationError with MPI's own text unless `code` is MPI_SUCCESS.
inline void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw CommunicationError(fmt::format("{} failed: {}", call, text));
}

}  // namespace medpfl
