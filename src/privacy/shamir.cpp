#include "privacy/shamir.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace medpfl {
namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr size_t kLimbBytes = 7;

uint64_t add(uint64_t a, uint64_t b) {
  const uint64_t sum = a + b;
  return sum >= kSharePrime ? sum - kSharePrime : sum;
}

uint64_t subtract(uint64_t a, uint64_t b) { return add(a, kSharePrime - b); }

// 2^61 is 1 in the field: the high bits are added to the low ones.
uint64_t multiply(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return add(static_cast<uint64_t>(product) & kSharePrime, static_cast<uint64_t>(product >> 61));
}

// a^(p - 2) is 1 / a (Fermat).
uint64_t invert(uint64_t a) {
  uint64_t out = 1;
  for (uint64_t exponent = kSharePrime - 2; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) out = multiply(out, a);
    a = multiply(a, a);
  }
  return out;
}

size_t limb_size(size_t limb) { return std::min(kLimbBytes, sizeof(Key) - limb * kLimbBytes); }

}  // namespace

uint64_t evaluate_polynomial(const std::vector<uint64_t>& coefficients, uint64_t x) {
  uint64_t value = 0;
  for (auto c = coefficients.rbegin(); c != coefficients.rend(); ++c)
    value = add(multiply(value, x), *c);
  return value;
}

std::vector<uint64_t> weights_at_zero(const std::vector<uint64_t>& points) {
  std::vector<uint64_t> weights;
  for (const uint64_t x : points) {
    uint64_t above = 1, below = 1;
    for (const uint64_t other : points) {
      if (other == x) continue;
      above = multiply(above, other);
      below = multiply(below, subtract(other, x));
    }
    weights.push_back(multiply(above, invert(below)));
  }
  return weights;
}

std::vector<SecretShare> split_secret(const Key& secret, int64_t threshold, int64_t holders,
                                      const Key& seed) {
  if (threshold < 1 || threshold > holders)
    throw ConfigError(fmt::format("a secret cannot be shared so that {} of {} holders know it",
                                  threshold, holders));
  std::vector<SecretShare> shares(static_cast<size_t>(holders));
  const auto drawn = static_cast<size_t>(threshold - 1);
  std::vector<uint64_t> stream(shares.front().size() * drawn);
  add_mask(seed, false, stream.data(), static_cast<int64_t>(stream.size()));
  std::vector<uint64_t> polynomial(drawn + 1);
  for (size_t limb = 0; limb < shares.front().size(); ++limb) {
    polynomial[0] = 0;
    for (size_t b = 0; b < limb_size(limb); ++b)
      polynomial[0] |= static_cast<uint64_t>(secret[limb * kLimbBytes + b]) << (8 * b);
    // Of the 2^61 values of the upper bits one stands for 0 a second time: a bias of 2^-61.
    for (size_t c = 0; c < drawn; ++c) {
      const uint64_t word = stream[limb * drawn + c] >> 3;
      polynomial[c + 1] = word == kSharePrime ? 0 : word;
    }
    for (size_t h = 0; h < shares.size(); ++h)
      shares[h][limb] = evaluate_polynomial(polynomial, h + 1);
  }
  return shares;
}

Key join_secret(const std::vector<uint64_t>& weights, const std::vector<SecretShare>& shares) {
  if (weights.size() != shares.size())
    throw Error(ExitCode::kInternal, "a secret was put together with a share too many or too few");
  Key secret{};
  for (size_t limb = 0; limb < SecretShare().size(); ++limb) {
    uint64_t value = 0;
    for (size_t i = 0; i < shares.size(); ++i)
      value = add(value, multiply(weights[i], shares[i][limb]));
    if (value >> (8 * limb_size(limb)) != 0)
      throw DataError("the shares do not fit together: too few, or of different secrets");
    for (size_t b = 0; b < limb_size(limb); ++b)
      secret[limb * kLimbBytes + b] = static_cast<uint8_t>(value >> (8 * b));
  }
  return secret;
}

}  // namespace medpfl
