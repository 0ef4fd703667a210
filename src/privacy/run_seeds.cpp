#include "privacy/run_seeds.hpp"

#include <sodium.h>

#include <array>

#include "privacy/masking.hpp"

namespace medpfl {
namespace {

static_assert(sizeof(Key) >= crypto_generichash_KEYBYTES_MIN &&
              sizeof(Key) <= crypto_generichash_KEYBYTES_MAX);

Key key_of(uint64_t root) {
  Key key{};
  for (size_t i = 0; i < sizeof root; ++i) key[i] = static_cast<uint8_t>(root >> (8 * i));
  return key;
}

uint64_t derive(const Key& root, const std::string& label) {
  std::array<uint8_t, crypto_generichash_BYTES_MIN> bytes{};
  crypto_generichash(bytes.data(), bytes.size(),
                     reinterpret_cast<const unsigned char*>(label.data()), label.size(),
                     root.data(), root.size());
  uint64_t seed = 0;
  for (size_t i = 0; i < sizeof seed; ++i) seed |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  return seed;
}

}  // namespace

RunSeeds derive_seeds(uint64_t root, const SecretKeys& keys) {
  const Key key = key_of(root);
  return {derive(key, "medpfl world"), derive(key, "medpfl server"),
          derive(key, "medpfl hospitals"), derive(key, "medpfl noise" + keys.noise),
          derive(key, "medpfl masks" + keys.masks)};
}

RunSeeds over_inputs(RunSeeds seeds, const std::string& inputs) {
  const std::string label = "medpfl inputs\n" + inputs;
  seeds.noise = derive(key_of(seeds.noise), label);
  seeds.masks = derive(key_of(seeds.masks), label);
  return seeds;
}

}  // namespace medpfl
