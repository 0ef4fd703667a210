#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/digest.hpp"

namespace medpfl {

/// Gives each distinct image a number, from 0: one that is attacked in two messages, or under two
/// networks, is one image.
class ImageNumbers {
 public:
  /// Returns the number of the image whose pixels are the `size` bytes at `pixels`.
  int64_t number(const void* pixels, size_t size) {
    Digest digest;
    digest.add(pixels, size);
    return numbers_.emplace(digest.bytes(), static_cast<int64_t>(numbers_.size())).first->second;
  }

 private:
  std::unordered_map<std::string, int64_t> numbers_;  // by digest, so that no pixels are kept
};

}  // namespace medpfl
