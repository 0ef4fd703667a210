#include "data/image_file.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  static const medpfl::RamFolder folder;
  return medpfl::fuzz(data, n, [](std::string_view bytes) {
    const std::string file = folder.write("image.jpeg", bytes);
    medpfl::find_image_fault(file, medpfl::Look::kHeader);
    medpfl::peek_white(file);
    medpfl::read_image_file(file);
  });
}
