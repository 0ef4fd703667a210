#include "comm/fast_sum.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "core/error.hpp"
#include "core/random.hpp"

namespace medpfl {
namespace {

TEST(FastSum, AgreesWithTheExactSumToFloat32) {
  constexpr int64_t kN = 64, kTerms = 50;
  const auto fast = make_update_sum(SumKind::kFast, kN + 1),
             exact = make_update_sum(SumKind::kExact, kN + 1);
  RandomStream random({1, Purpose::kBenchmark, 0, 0, 0});
  std::vector<float> term(kN);
  for (int64_t t = 0; t < kTerms; ++t) {
    for (float& v : term) v = static_cast<float>(random.normal());
    for (UpdateSum* sum : {fast.get(), exact.get()}) {
      sum->add(term.data(), kN, 1.0 / kTerms, "t", 0);
      sum->add(static_cast<double>(t), 1.0 / kTerms, "loss", kN);
    }
  }
  std::vector<float> copy(kN);
  fast->copy_to(copy.data(), kN, 1);
  for (int64_t i = 0; i < kN; ++i) {
    EXPECT_NEAR((*fast)[i], (*exact)[i], 1e-6);
    EXPECT_EQ(copy[static_cast<size_t>(i)], static_cast<float>((*fast)[i]));
  }
  EXPECT_NEAR((*fast)[kN], 24.5, 1e-5);
  fast->clear();
  EXPECT_EQ((*fast)[0], 0);
}

TEST(FastSum, RefusesWhatIsNotFinite) {
  FastSum sum(2);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    const std::vector<float> values = {1, bad};
    EXPECT_THROW(sum.add(values.data(), 2, 0.5, "update of hospital 3", 0), NumericError);
    EXPECT_EQ(sum[0], 0) << "a refused term must leave nothing behind";
    EXPECT_THROW(sum.add(bad, 1, "loss", 1), NumericError);
  }
  const float large = 2e6F;  // beyond the exact sum
  sum.add(&large, 1, 0.5, "t", 0);
  EXPECT_EQ(sum[0], 1e6);
}

TEST(UpdateSum, KnowsItsKinds) {
  for (const SumKind kind : words_of(SumKind()).values())
    EXPECT_NE(make_update_sum(kind, 1), nullptr);
}

}  // namespace
}  // namespace medpfl
