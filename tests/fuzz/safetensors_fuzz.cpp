#include "fuzz.hpp"
#include "models/safetensors.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  return medpfl::fuzz(data, n, [](std::string_view bytes) { medpfl::read_safetensors(bytes); });
}
