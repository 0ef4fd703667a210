#include "privacy/masking.hpp"

#include <sodium.h>

#include <algorithm>

#include "core/error.hpp"

namespace medpfl {
namespace {

constexpr char kContext[crypto_kdf_CONTEXTBYTES + 1] = "MedPFLsa";

static_assert(sizeof(Key) == crypto_scalarmult_BYTES);
static_assert(sizeof(Key) == crypto_kdf_KEYBYTES);
static_assert(sizeof(Key) == crypto_stream_chacha20_KEYBYTES);
static_assert(sizeof(Key) == crypto_secretbox_KEYBYTES);
static_assert(kSealBytes == crypto_secretbox_MACBYTES);

// Lets libsodium choose the fastest code for this processor.
void prepare() {
  static const int ready = sodium_init();
  if (ready < 0) throw Error(ExitCode::kInternal, "libsodium cannot be initialized");
}

using Nonce = std::array<uint8_t, crypto_secretbox_NONCEBYTES>;

Nonce nonce_of(uint64_t number) {
  Nonce nonce{};
  for (size_t i = 0; i < sizeof number; ++i) nonce[i] = static_cast<uint8_t>(number >> (8 * i));
  return nonce;
}

}  // namespace

Key derive_key(const Key& root, uint64_t use) {
  prepare();
  Key out{};
  crypto_kdf_derive_from_key(out.data(), out.size(), use, kContext, root.data());
  return out;
}

KeyPair key_pair(const Key& secret) {
  prepare();
  KeyPair out{secret, {}};
  crypto_scalarmult_base(out.open.data(), secret.data());
  return out;
}

Key shared_key(const KeyPair& own, const Key& theirs) {
  prepare();
  Key point{}, out{};
  if (crypto_scalarmult(point.data(), own.secret.data(), theirs.data()) != 0)
    throw DataError("key agreement: an open key is a point of small order, which hides nothing");
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, out.size());
  // Both parties hash the same: the smaller open key first.
  const auto& [first, second] = std::minmax(own.open, theirs);
  for (const Key& part : {point, first, second})
    crypto_generichash_update(&state, part.data(), part.size());
  crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

void add_mask(const Key& seed, bool negative, uint64_t* values, int64_t n) {
  prepare();
  constexpr int64_t kWords = 4096;  // of the stream at a time; stays in the first-level cache
  std::array<uint64_t, kWords> words;
  for (int64_t at = 0; at < n; at += kWords) {
    const int64_t count = std::min(kWords, n - at);
    const Nonce nonce = nonce_of(static_cast<uint64_t>(at / kWords));
    crypto_stream_chacha20(reinterpret_cast<unsigned char*>(words.data()),
                           static_cast<unsigned long long>(count) * sizeof(uint64_t), nonce.data(),
                           seed.data());
    uint64_t* out = values + at;
    if (negative)
      for (int64_t i = 0; i < count; ++i) out[i] -= words[static_cast<size_t>(i)];
    else
      for (int64_t i = 0; i < count; ++i) out[i] += words[static_cast<size_t>(i)];
  }
}

std::string seal(const Key& key, uint64_t number, const std::string& text) {
  prepare();
  std::string sealed(text.size() + crypto_secretbox_MACBYTES, '\0');
  crypto_secretbox_easy(reinterpret_cast<unsigned char*>(sealed.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                        nonce_of(number).data(), key.data());
  return sealed;
}

std::string unseal(const Key& key, uint64_t number, const std::string& sealed) {
  prepare();
  constexpr size_t kMore = crypto_secretbox_MACBYTES;
  std::string text(sealed.size() < kMore ? 0 : sealed.size() - kMore, '\0');
  if (sealed.size() < kMore ||
      crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(text.data()),
                                 reinterpret_cast<const unsigned char*>(sealed.data()),
                                 sealed.size(), nonce_of(number).data(), key.data()) != 0)
    throw DataError("a sealed message does not open: it was changed, or sealed under another key");
  return text;
}

}  // namespace medpfl
