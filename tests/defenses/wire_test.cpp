#include "defenses/wire.hpp"

#include <gtest/gtest.h>

#include "defenses/defense_chain.hpp"
#include "updates.hpp"

namespace medpfl {
namespace {

using namespace testing;

const NumberFormat kFloat32, kInt8 = {"int8", 8, 4, true}, kSign = {"sign", 1, 4, false};

void expect(const WireCost& cost, WireForm form, int64_t bytes) {
  EXPECT_EQ(cost.form, form);
  EXPECT_EQ(cost.bytes, bytes);
}

TEST(Wire, TheCheapestFormByHand) {
  expect(cheapest_form(1000, 0, 4, kFloat32), WireForm::kDense, 4000);
  expect(cheapest_form(1000, 500, 4, kFloat32), WireForm::kBitmap, 125 + 2000);
  // A bit an entry against 32 for each of those kept: the forms change at one in 32.
  expect(cheapest_form(1000, 968, 4, kFloat32), WireForm::kBitmap, 125 + 128);
  expect(cheapest_form(1000, 969, 4, kFloat32), WireForm::kIndex, 31 * 8);
  expect(cheapest_form(1000, 1000, 4, kFloat32), WireForm::kIndex, 0);
  expect(cheapest_form(1000, 31, 4, kFloat32), WireForm::kDense, 4000);
  expect(cheapest_form(1000, 32, 4, kFloat32), WireForm::kBitmap, 125 + 3872);
}

TEST(Wire, ScalesAreCountedAndPartsOfBytesRoundedUp) {
  expect(cheapest_form(1000, 0, 4, kInt8), WireForm::kDense, 1000 + 16);
  expect(cheapest_form(1001, 0, 4, kSign), WireForm::kDense, 126 + 16);
  // One bit cannot say zero.
  expect(cheapest_form(1001, 1, 4, kSign), WireForm::kBitmap, 126 + 125 + 16);
}

TEST(Wire, ChainsReportEachDefenseOnWhatIsSent) {
  FlatParameters update = update_of({3, -4, 0.5F, 0, 12});
  DefenseChain chain;
  chain.append(make_defense("prune", {{"keep", "2"}}));
  chain.append(make_defense("quantize", {{"format", "int8"}}));
  chain.append(make_defense("clip", {{"bound", "2"}}));
  EXPECT_EQ(chain.number_formats(), (std::vector<std::string>{"float32", "int8", "float32"}));
  // The bias, pruned not, is not sent.
  const std::vector<DefenseReport> reports = chain.apply(&update, {1, 0, 0}, 4);
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_DOUBLE_EQ(reports[0].norm_before, std::sqrt(9 + 16 + 0.25));
  EXPECT_DOUBLE_EQ(reports[0].norm_after, 4);
  EXPECT_EQ(reports[0].entries, 4);
  EXPECT_EQ(reports[0].zeros, 3);
  expect(reports[0].cost, WireForm::kBitmap, 1 + 4);
  EXPECT_DOUBLE_EQ(reports[1].norm_before, 4);
  expect(reports[1].cost, WireForm::kBitmap, 1 + 1 + 4);
  EXPECT_EQ(reports[2].norm_before, reports[1].norm_after);
  EXPECT_NEAR(reports[2].norm_after, 2 * 4 / std::sqrt(16 + 144.0), 1e-6);
  expect(reports[2].cost, WireForm::kBitmap, 1 + 4);
}

TEST(Wire, PruningKeepsTheFormatUnlessItAddsWhatWasNotSent) {
  DefenseChain plain, feedback;
  for (DefenseChain* chain : {&plain, &feedback}) chain->append(make_defense("quantize"));
  plain.append(make_defense("prune"));
  feedback.append(make_defense("prune", {{"error_feedback", "true"}}));
  EXPECT_EQ(plain.number_formats()[1], "int8");
  EXPECT_EQ(feedback.number_formats()[1], "float32");
}

}  // namespace
}  // namespace medpfl
