#pragma once
#include <array>
#include <cstdint>
#include <string>

namespace medpfl {

/// A key or a seed of 32 bytes. All functions of this file compute with libsodium; they get secrets
/// as arguments and draw no random numbers.
using Key = std::array<uint8_t, 32>;

/// Returns key number `use` of those derived from a root key (BLAKE2b, crypto_kdf).
Key derive_key(const Key& root, uint64_t use);

/// A secret key of X25519 (RFC 7748) and its public key, `open`.
struct KeyPair {
  Key secret{}, open{};
};

/// Returns the pair of a secret key, which may be any 32 bytes.
KeyPair key_pair(const Key& secret);

/// Returns the key that two parties share, which each computes from its own pair and the other's
/// open key: BLAKE2b of the X25519 secret and both open keys. Throws DataError where the other's
/// key is a point of small order, with which every secret gives the same key.
Key shared_key(const KeyPair& own, const Key& theirs);

/// Adds to (with `negative` subtracts from) values[i] the 64-bit word i of the ChaCha20 key stream
/// of `seed`, modulo 2^64: without the seed the results look uniformly random.
void add_mask(const Key& seed, bool negative, uint64_t* values, int64_t n);

/// Returns the text encrypted and authenticated (XSalsa20-Poly1305), kSealBytes longer than it was.
/// `number` must differ between the messages under one key.
std::string seal(const Key& key, uint64_t number, const std::string& text);
inline constexpr int64_t kSealBytes = 16;

/// Returns the text of a sealed message. Throws DataError unless it was sealed with this key and
/// number.
std::string unseal(const Key& key, uint64_t number, const std::string& sealed);

}  // namespace medpfl
