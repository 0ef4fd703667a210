#pragma once
#include <string>

#include "data/image_file.hpp"
#include "fuzz.hpp"

namespace medpfl {

/// Has the readers of an image file look at the bytes, under a name with this suffix.
inline int fuzz_image(const uint8_t* data, size_t n, const std::string& suffix) {
  static const RamFolder folder;
  return fuzz(data, n, [&](std::string_view bytes) {
    const std::string file = folder.write("image." + suffix, bytes);
    find_image_fault(file, Look::kHeader);
    peek_white(file);
    read_image_file(file);
  });
}

}  // namespace medpfl
