#include "core/digest.hpp"

#include "core/error.hpp"

namespace medpfl {

Digest::Digest() {
  static const int ready = sodium_init();
  if (ready < 0) throw Error(ExitCode::kInternal, "libsodium cannot be initialized");
  crypto_generichash_init(&state_, nullptr, 0, kBytes);
}

void Digest::add(const void* data, size_t n) {
  // Nothing at all may lie at a null pointer, which libsodium does not take.
  if (n > 0) crypto_generichash_update(&state_, static_cast<const unsigned char*>(data), n);
}

std::string Digest::bytes() {
  std::string out(kBytes, '\0');
  crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(out.data()), out.size());
  return out;
}

std::string Digest::text() {
  const std::string digest = bytes();
  std::string out(2 * kBytes + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), reinterpret_cast<const unsigned char*>(digest.data()),
                 digest.size());
  out.pop_back();
  return out;
}

}  // namespace medpfl
