#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace medpfl {

/// Gives each distinct image a number, from 0: one that is attacked in two messages, or under two
/// networks, is one image.
class ImageNumbers {
 public:
  /// Returns the number of the image whose pixels are the `size` bytes at `pixels`.
  int64_t number(const void* pixels, size_t size) {
    std::string bytes(static_cast<const char*>(pixels), size);
    return numbers_.emplace(std::move(bytes), static_cast<int64_t>(numbers_.size())).first->second;
  }

 private:
  std::unordered_map<std::string, int64_t> numbers_;
};

}  // namespace medpfl
