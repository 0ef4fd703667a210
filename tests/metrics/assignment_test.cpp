#include "metrics/assignment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/random.hpp"

namespace medpfl {
namespace {

double total(const std::vector<double>& cost, const std::vector<int64_t>& columns) {
  double sum = 0;
  for (size_t row = 0; row < columns.size(); ++row)
    sum += cost[row * columns.size() + static_cast<size_t>(columns[row])];
  return sum;
}

double least_by_brute_force(const std::vector<double>& cost, int64_t n) {
  std::vector<int64_t> columns(static_cast<size_t>(n));
  std::iota(columns.begin(), columns.end(), int64_t{0});
  double least = std::numeric_limits<double>::infinity();
  do least = std::min(least, total(cost, columns));
  while (std::next_permutation(columns.begin(), columns.end()));
  return least;
}

void expect_one_to_one(std::vector<int64_t> columns) {
  std::sort(columns.begin(), columns.end());
  for (size_t i = 0; i < columns.size(); ++i) EXPECT_EQ(columns[i], static_cast<int64_t>(i));
}

TEST(Assignment, EqualsBruteForce) {
  RandomStream stream(StreamKey{7, Purpose::kBenchmark, 0, 0, 0});
  for (int64_t n = 1; n <= 7; ++n) {
    for (int repeat = 0; repeat < 40; ++repeat) {
      std::vector<double> cost(static_cast<size_t>(n * n));
      // Every other matrix is full of ties, and costs of both signs occur.
      for (double& c : cost)
        c = repeat % 2 == 0 ? stream.uniform(-3, 5) : static_cast<double>(stream.below(4));
      const std::vector<int64_t> columns = optimal_assignment(cost, n);
      ASSERT_EQ(columns.size(), static_cast<size_t>(n));
      expect_one_to_one(columns);
      EXPECT_NEAR(total(cost, columns), least_by_brute_force(cost, n), 1e-9) << "n = " << n;
    }
  }
}

TEST(Assignment, AgreesWithScipyForForty) {
  const int64_t n = 40;
  std::vector<double> cost;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      cost.push_back(static_cast<double>((i * 7919 + j * 104729 + i * i * j * 31) % 1009) / 8);
  const std::vector<int64_t> columns = optimal_assignment(cost, n);
  expect_one_to_one(columns);
  EXPECT_NEAR(total(cost, columns), 192.875, 1e-9);  // reference_numbers.py
}

TEST(Assignment, NothingToAssign) { EXPECT_TRUE(optimal_assignment({}, 0).empty()); }

TEST(Assignment, RefusesWhatHasNoOptimum) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  try {
    optimal_assignment({1, 2, nan, 4}, 2);
    FAIL() << "no error";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("row 1 and column 0 is nan"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(optimal_assignment({1, 2, 3}, 2), Error);
}

}  // namespace
}  // namespace medpfl
