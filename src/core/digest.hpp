#pragma once
#include <sodium.h>

#include <cstdint>
#include <string>
#include <vector>

namespace medpfl {

/// A digest of bytes that are added one after another: BLAKE2b of 32 bytes (RFC 7693).
class Digest {
 public:
  static constexpr size_t kBytes = 32;

  Digest();
  void add(const void* data, size_t n);
  void add(const std::string& bytes) { add(bytes.data(), bytes.size()); }
  /// The values are added as they lie in memory, behind their number.
  template <class T>
  void add(const std::vector<T>& values) {
    const auto n = static_cast<int64_t>(values.size());
    add(&n, sizeof n);
    add(values.data(), values.size() * sizeof(T));
  }
  /// The digest, kBytes long. Nothing can be added afterwards.
  std::string bytes();
  /// The same as lower-case hexadecimal digits.
  std::string text();

 private:
  crypto_generichash_state state_;
};

}  // namespace medpfl
