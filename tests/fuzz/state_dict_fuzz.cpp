#include "fuzz.hpp"
#include "models/state_dict.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  return medpfl::fuzz(data, n, [](std::string_view bytes) {
    for (const auto& [name, tensor] : medpfl::read_state_dict(bytes, "w"))
      if (tensor.numel() < 4096) tensor.clone();  // reads all values
  });
}
