#pragma once
#include <sodium.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace medpfl {

/// Computes the digest of bytes that are added one after another: BLAKE2b of 32 bytes (RFC 7693).
class Digest {
 public:
  static constexpr size_t kBytes = 32;

  Digest();
  void add(const void* data, size_t n);
  void add(std::string_view bytes) { add(bytes.data(), bytes.size()); }
  /// Adds the number of values, then the values as they are in memory.
  template <class T>
  void add(const std::vector<T>& values) {
    const auto n = static_cast<int64_t>(values.size());
    add(&n, sizeof n);
    add(values.data(), values.size() * sizeof(T));
  }
  /// Returns the digest, kBytes long. Nothing can be added afterwards.
  std::string bytes();
  /// Returns the digest as lower-case hexadecimal digits. Nothing can be added afterwards.
  std::string text();

 private:
  crypto_generichash_state state_;
};

}  // namespace medpfl
