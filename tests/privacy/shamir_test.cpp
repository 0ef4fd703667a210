#include "privacy/shamir.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/random.hpp"

namespace medpfl {
namespace {

__extension__ typedef unsigned __int128 Wide;

Key key_of(uint64_t seed) {
  RandomStream random({seed, Purpose::kBenchmark, 0, 0, 0});
  Key key{};
  for (uint8_t& byte : key) byte = static_cast<uint8_t>(random.below(256));
  return key;
}

uint64_t value_at_zero(const std::vector<uint64_t>& points, const std::vector<uint64_t>& values) {
  const std::vector<uint64_t> weights = weights_at_zero(points);
  Wide sum = 0;
  for (size_t i = 0; i < points.size(); ++i)
    sum = (sum + static_cast<Wide>(weights[i]) * values[i]) % kSharePrime;
  return static_cast<uint64_t>(sum);
}

// 1234 + 166 x + 94 x^2, by hand.
TEST(Shamir, PolynomialsAgreeWithHandComputedValues) {
  const std::vector<uint64_t> polynomial = {1234, 166, 94};
  const std::vector<uint64_t> expected = {1494, 1942, 2578, 3402, 4414, 5614};
  for (uint64_t x = 1; x <= 6; ++x)
    EXPECT_EQ(evaluate_polynomial(polynomial, x), expected[x - 1]) << x;
  EXPECT_EQ(value_at_zero({2, 4, 5}, {1942, 3402, 4414}), 1234U);
  EXPECT_EQ(value_at_zero({1, 3, 6}, {1494, 2578, 5614}), 1234U);
}

// f(1) and f(2) of any f of degree 1: f(0) = 2 f(1) - f(2); of degree 2: 3 f(1) - 3 f(2) + f(3).
TEST(Shamir, WeightsAreThoseOfLagrange) {
  EXPECT_EQ(weights_at_zero({1, 2}), (std::vector<uint64_t>{2, kSharePrime - 1}));
  EXPECT_EQ(weights_at_zero({1, 2, 3}), (std::vector<uint64_t>{3, kSharePrime - 3, 1}));
}

TEST(Shamir, TheFieldWrapsAtItsPrime) {
  // p - 1 is -1: its square is 1, and -1 + 2 = 1.
  EXPECT_EQ(evaluate_polynomial({0, 0, 1}, kSharePrime - 1), 1U);
  EXPECT_EQ(evaluate_polynomial({kSharePrime - 1, 1}, 2), 1U);
  // 2^60 * 4 = 2^62 = 2.
  EXPECT_EQ(evaluate_polynomial({0, uint64_t{1} << 60}, 4), 2U);
}

TEST(Shamir, AnySharesOfTheThresholdGiveTheSecretBack) {
  for (const auto& [threshold, holders] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {2, 2}, {3, 5}, {33, 64}, {150, 300}}) {
    Key secret = key_of(static_cast<uint64_t>(holders));
    if (threshold == 3) secret.fill(0xff);
    const auto shares = split_secret(secret, threshold, holders, key_of(9));
    ASSERT_EQ(static_cast<int64_t>(shares.size()), holders);
    RandomStream random({static_cast<uint64_t>(threshold), Purpose::kBenchmark, 1, 0, 0});
    for (int repeat = 0; repeat < 5; ++repeat) {
      const std::vector<int64_t> order = random.permutation(holders);
      std::vector<uint64_t> points;
      std::vector<SecretShare> chosen;
      for (int64_t i = 0; i < threshold; ++i) {
        points.push_back(static_cast<uint64_t>(order[static_cast<size_t>(i)]) + 1);
        chosen.push_back(shares[static_cast<size_t>(order[static_cast<size_t>(i)])]);
      }
      EXPECT_EQ(join_secret(weights_at_zero(points), chosen), secret) << threshold;
    }
  }
}

TEST(Shamir, OneShareTooFewDoesNot) {
  const Key secret = key_of(1);
  const auto shares = split_secret(secret, 4, 6, key_of(2));
  Key found = secret;
  try {
    found = join_secret(weights_at_zero({1, 2, 3}), {shares[0], shares[1], shares[2]});
  } catch (const DataError&) {
    found = Key{};
  }
  EXPECT_NE(found, secret);
}

// Below the threshold a share is uniform whatever the secret: here the upper bits of many.
TEST(Shamir, SharesOfOneSecretLookLikeThoseOfAnother) {
  for (const uint8_t fill : {0x00, 0xff}) {
    Key secret{};
    secret.fill(fill);
    std::vector<int> bins(16, 0);
    constexpr int kRepeats = 800;
    for (uint64_t seed = 0; seed < kRepeats; ++seed) {
      const SecretShare first = split_secret(secret, 2, 3, key_of(seed))[0];
      for (const uint64_t limb : first) ++bins[static_cast<size_t>(limb >> 57)];
    }
    const double expected = kRepeats * 5 / 16.0;
    double chi_square = 0;
    for (const int count : bins) chi_square += (count - expected) * (count - expected) / expected;
    EXPECT_LT(chi_square, 37.7) << "15 degrees of freedom, 0.1 %";
  }
}

TEST(Shamir, OtherSeedsGiveOtherShares) {
  EXPECT_NE(split_secret(key_of(1), 2, 3, key_of(2)), split_secret(key_of(1), 2, 3, key_of(3)));
}

TEST(Shamir, RefusesThresholdsThatCannotBe) {
  for (const int64_t threshold : {0, 4}) {
    try {
      split_secret(key_of(1), threshold, 3, key_of(2));
      ADD_FAILURE() << threshold;
    } catch (const ConfigError& error) {
      EXPECT_EQ(std::string(error.what()), "a secret cannot be shared so that " +
                                               std::to_string(threshold) + " of 3 holders know it");
    }
  }
}

}  // namespace
}  // namespace medpfl
