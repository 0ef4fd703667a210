#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/error.hpp"

/// What libFuzzer calls with bytes that it makes up.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n);

namespace medpfl {

/// Calls `read` with the bytes. A reader may refuse them by the project's own error; any other
/// exception, a crash, and memory without bounds end the program and are faults.
template <class Read>
int fuzz(const uint8_t* data, size_t n, const Read& read) {
  try {
    read(std::string_view(reinterpret_cast<const char*>(data), n));
  } catch (const Error&) {
  }
  return 0;
}

}  // namespace medpfl
