#pragma once
#include <array>
#include <cstdint>
#include <string>

namespace medpfl {

/// A key or a seed. All functions here are those of libsodium; they take what is secret as an
/// argument and draw nothing.
using Key = std::array<uint8_t, 32>;

/// Key number `use` of those that a root key stands for (BLAKE2b, crypto_kdf).
Key derive_key(const Key& root, uint64_t use);

/// Of X25519 (RFC 7748).
struct KeyPair {
  Key secret{}, open{};
};

/// Any 32 bytes are a secret key.
KeyPair key_pair(const Key& secret);

/// The key that two parties share: each computes it from its own pair and the other's open key.
/// BLAKE2b of the X25519 secret and both open keys. Throws DataError where the other's is a point
/// of small order, under which every secret gives the same key.
Key shared_key(const KeyPair& own, const Key& theirs);

/// values[i] += (or, with `negative`, -=) 64-bit word i of the ChaCha20 key stream of `seed`,
/// modulo 2^64: whoever lacks the seed sees uniform numbers, whatever the values were.
void add_mask(const Key& seed, bool negative, uint64_t* values, int64_t n);

/// Encrypts and authenticates (XSalsa20-Poly1305). `number` must differ between the messages under
/// one key. Takes kSealBytes more than the text.
std::string seal(const Key& key, uint64_t number, const std::string& text);
inline constexpr int64_t kSealBytes = 16;

/// The text again. Throws DataError unless it was sealed so.
std::string unseal(const Key& key, uint64_t number, const std::string& sealed);

}  // namespace medpfl
