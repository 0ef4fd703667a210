#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "privacy/masking.hpp"

namespace medpfl {

/// Integers modulo the prime 2^61 - 1, the field that secrets are shared in.
inline constexpr uint64_t kSharePrime = (uint64_t{1} << 61) - 1;

/// coefficients[0] + coefficients[1] x + ... in the field; all below kSharePrime.
uint64_t evaluate_polynomial(const std::vector<uint64_t>& coefficients, uint64_t x);

/// The weights w of sum_i w[i] f(x[i]) = f(0), for any f of a degree below the number of points
/// (Lagrange). The points are distinct, not 0, and below kSharePrime.
std::vector<uint64_t> weights_at_zero(const std::vector<uint64_t>& points);

/// What one holder keeps of a secret: values of five polynomials, one for each 7 bytes of the
/// secret, at the holder's point.
using Share = std::array<uint64_t, 5>;

/// Shares of a secret for holders at the points 1, 2 ... `holders` (Shamir, "How to share a
/// secret", CACM 1979): any `threshold` of them give it back, fewer say nothing about it. The
/// coefficients come from the key stream of `seed`, which must be used for nothing else. Throws
/// ConfigError unless 1 <= threshold <= holders. Not hardened against side channels.
std::vector<Share> split_secret(const Key& secret, int64_t threshold, int64_t holders,
                                const Key& seed);

/// The secret, from one share for each of `weights` (weights_at_zero of their points). Fewer shares
/// than the threshold give another key, or DataError where the result is no key at all.
Key join_secret(const std::vector<uint64_t>& weights, const std::vector<Share>& shares);

}  // namespace medpfl
