#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "defenses/defense.hpp"
#include "updates.hpp"

namespace medpfl::quantize_test {
namespace {

using namespace testing;

const DefenseContext kContext = {42, 3, 5, 0, 1};

std::unique_ptr<const MessageHook> quantize(const std::string& format,
                                            const std::string& rounding = "nearest") {
  return make_hook("quantize", {{"format", format}, {"rounding", rounding}});
}

// Names of all formats.
std::vector<std::string> formats() { return defenses().find("quantize").options.front().choices; }

std::string error_of(const std::string& format, const FlatParameters& update) {
  try {
    defended(*quantize(format), update, kContext);
  } catch (const NumericError& error) {
    return error.what();
  }
  return "";
}

TEST(Quantize, Float16AndBfloat16RoundToTheNearest) {
  // Neighbors of 1 are 1 + 2^-10 in float16 and 1 + 2^-7 in bfloat16; ties go to even.
  EXPECT_EQ(defended(*quantize("float16"), update_of({1.0004F, 1.0006F, -2049, 3e-8F}), kContext),
            (std::vector<float>{1, 1.0009765625F, -2048, 5.9604645e-8F}));
  EXPECT_EQ(
      defended(*quantize("bfloat16"), update_of({1.003F, 1.005F, -257, 0x1.01p100F}), kContext),
      (std::vector<float>{1, 1.0078125F, -256, 0x1p100F}));
}

TEST(Quantize, Int8IsTheNearestMultipleOfEachTensorsScale) {
  // A tensor of 4 with the scale 254 / 127 = 2, and one of 1.
  EXPECT_EQ(defended(*quantize("int8"), update_of({254, -2.9F, 0.9F, -254, 0.3F}), kContext),
            (std::vector<float>{254, -2, 0, -254, 0.3F}));
}

TEST(Quantize, Int8StaysWithinHalfAStepOrOneWhereStochastic) {
  const FlatParameters update = random_update(5000);
  const std::vector<float> before = values_of(update);
  for (const std::string rounding : {"nearest", "stochastic"}) {
    const std::vector<float> after = defended(*quantize("int8", rounding), update, kContext);
    const double steps = rounding == "nearest" ? 0.5 : 1;
    for (const ParameterLayout::Entry& tensor : update.layout().entries()) {
      float most = 0;
      const auto first = static_cast<size_t>(tensor.offset);
      const auto end = static_cast<size_t>(tensor.offset + tensor.size);
      for (size_t i = first; i < end; ++i) most = std::max(most, std::fabs(before[i]));
      for (size_t i = first; i < end; ++i) {
        EXPECT_LE(std::fabs(after[i] - before[i]), steps * most / 127 * 1.0001) << tensor.name;
        EXPECT_LE(std::fabs(after[i]), most * 1.0001);
      }
    }
  }
}

TEST(Quantize, SignSendsTheMeanMagnitudeAndKeepsZeros) {
  EXPECT_EQ(defended(*quantize("sign"), update_of({1, -3, 0, 2, -5}), kContext),
            (std::vector<float>{2, -2, 0, 2, -5}));
}

TEST(Quantize, StochasticRoundingIsRightInTheMean) {
  const std::vector<float> values = {0.3F, -0.77F, 1, -1e-3F, 0.123F, 0.5F};
  for (const std::string& format : formats()) {
    const auto defense = quantize(format, "stochastic");
    const int rounds = 4000;
    std::vector<double> mean(values.size(), 0), square(values.size(), 0);
    for (int r = 0; r < rounds; ++r) {
      DefenseContext context = kContext;
      context.round = r;
      const std::vector<float> after = defended(*defense, update_of(values), context);
      for (size_t i = 0; i < values.size(); ++i) {
        mean[i] += after[i] / static_cast<double>(rounds);
        square[i] += static_cast<double>(after[i]) * after[i] / rounds;
      }
    }
    double spread = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const double deviation = std::sqrt(std::max(0.0, square[i] - mean[i] * mean[i]));
      spread += deviation;
      EXPECT_NEAR(mean[i], values[i], 4.5 * deviation / std::sqrt(rounds) + 1e-7)
          << format << " " << values[i];
    }
    EXPECT_GT(spread, 0) << format << " rounded nothing";
  }
}

TEST(Quantize, StochasticFloatsAreNeighbours) {
  const float value = 1.0003F;
  const auto defense = quantize("float16", "stochastic");
  bool below = false, above = false;
  for (int r = 0; r < 60; ++r) {
    DefenseContext context = kContext;
    context.round = r;
    const float after = defended(*defense, update_of({value, value}), context)[0];
    EXPECT_TRUE(after == 1 || after == 1.0009765625F) << after;
    below |= after < value;
    above |= after > value;
  }
  EXPECT_TRUE(below && above);
}

TEST(Quantize, RefusesWhatItCannotWrite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const std::string& format : formats())
    for (const float bad : {nan, infinity, -infinity})
      EXPECT_NE(error_of(format, update_of({1, bad})).find("hospital 5 in round 3 is not finite"),
                std::string::npos);
  const std::string error = error_of("float16", update_of({1, -7e4F, 2}));
  EXPECT_NE(error.find("weight of the update of hospital 5 in round 3"), std::string::npos)
      << error;
  EXPECT_NE(error.find("70000"), std::string::npos) << error;
  EXPECT_NE(error.find("ends at 65504"), std::string::npos) << error;
  EXPECT_EQ(error_of("bfloat16", update_of({1, -7e4F, 2})), "");
  EXPECT_EQ(error_of("float16", update_of({65504, -65504})), "");
}

TEST(Quantize, TheLeastNumbersBreakNothing) {
  const float least = std::numeric_limits<float>::denorm_min();
  for (const std::string& format : formats())
    for (const std::string rounding : {"nearest", "stochastic"})
      for (const float v :
           defended(*quantize(format, rounding), update_of({least, 0, -least}), kContext))
        EXPECT_LE(std::fabs(v), 1e-7F) << format;
}

}  // namespace
}  // namespace medpfl::quantize_test
