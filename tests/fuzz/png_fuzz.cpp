#include "image.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  return medpfl::fuzz_image(data, n, "png");
}
