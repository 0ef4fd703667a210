#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "privacy/masking.hpp"

namespace medpfl {

/// The prime 2^61 - 1; secrets are shared in the field of integers modulo it.
inline constexpr uint64_t kSharePrime = (uint64_t{1} << 61) - 1;

/// Returns coefficients[0] + coefficients[1] x + ... in the field; all numbers below kSharePrime.
uint64_t evaluate_polynomial(const std::vector<uint64_t>& coefficients, uint64_t x);

/// Returns the weights w for which sum_i w[i] f(x[i]) = f(0) holds for any polynomial f of a degree
/// below the number of points x (Lagrange). The points must be distinct, not 0, and below
/// kSharePrime.
std::vector<uint64_t> weights_at_zero(const std::vector<uint64_t>& points);

/// One holder's share of a secret: the values of five polynomials, one for each 7 bytes of the
/// secret, at the holder's point.
using SecretShare = std::array<uint64_t, 5>;

/// Returns the shares of a secret for holders at the points 1, 2 ... `holders` (Shamir, "How to
/// share a secret", CACM 1979): any `threshold` of them determine the secret, fewer reveal nothing
/// about it. The coefficients come from the key stream of `seed`, which must be used for nothing
/// else. Throws ConfigError unless 1 <= threshold <= holders. Not hardened against side channels.
std::vector<SecretShare> split_secret(const Key& secret, int64_t threshold, int64_t holders,
                                      const Key& seed);

/// Returns the secret, from one share for each of `weights` (weights_at_zero of the shares'
/// points). With fewer shares than the threshold returns another key, or throws DataError where the
/// result is no key at all.
Key join_secret(const std::vector<uint64_t>& weights, const std::vector<SecretShare>& shares);

}  // namespace medpfl
