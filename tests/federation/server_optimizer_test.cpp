#include "federation/server_optimizer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "../core/archive_trip.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

FlatParameters vector_of(const std::vector<float>& values) {
  ParameterLayout layout;
  layout.add("w", {static_cast<int64_t>(values.size())});
  FlatParameters out(layout);
  std::copy(values.begin(), values.end(), out.data());
  return out;
}

FederationSettings settings_of(const std::string& name) {
  FederationSettings s;
  s.server_optimizer = words_of(s.server_optimizer).parse(name);
  s.server_learning_rate = 0.5;
  return s;
}

const std::vector<std::vector<float>> kMeans = {{0.1F, -2}, {0.3F, 0.001F}, {-0.2F, 0.5F}};

// Three rounds from zero with direction -1; numbers of a few lines of NumPy in float64 after the
// equations in the header.
class ServerOptimizerTest
    : public ::testing::TestWithParam<std::pair<std::string, std::vector<double>>> {};

TEST_P(ServerOptimizerTest, FollowsItsEquations) {
  const auto& [name, expected] = GetParam();
  FlatParameters global = vector_of({0, 0});
  const auto optimizer = make_server_optimizer(settings_of(name), 2);
  for (const auto& mean : kMeans) optimizer->step(vector_of(mean), -1, &global);
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(global.data()[i], expected[i], 1e-6) << i;
}

INSTANTIATE_TEST_SUITE_P(
    Names, ServerOptimizerTest,
    ::testing::Values(std::make_pair("sgd", std::vector<double>{-0.1, 0.7495}),
                      std::make_pair("momentum", std::vector<double>{-0.3205, 2.45905}),
                      std::make_pair("adam", std::vector<double>{-1.24748017, 1.21991767}),
                      std::make_pair("yogi", std::vector<double>{-1.2464076, 1.21512143})),
    [](const auto& test) { return test.param.first; });

class EveryServerOptimizer : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryServerOptimizer, LeavesStatisticsAlone) {
  ParameterLayout layout;
  layout.add("w", {2});
  layout.add_statistic("running_mean", {2});
  FlatParameters global(layout), mean(layout);
  mean.fill(1);
  make_server_optimizer(settings_of(GetParam()), layout.trainable())->step(mean, 1, &global);
  EXPECT_GT(global.data()[1], 0);
  EXPECT_EQ(global.data()[2], 0);
  EXPECT_EQ(global.data()[3], 0);
}

TEST_P(EveryServerOptimizer, GoesOnFromWhatItSaved) {
  const FederationSettings settings = settings_of(GetParam());
  FlatParameters whole = vector_of({1, 2});
  const auto first = make_server_optimizer(settings, 2);
  for (const auto& mean : kMeans) first->step(vector_of(mean), 1, &whole);

  FlatParameters parts = vector_of({1, 2});
  const auto before = make_server_optimizer(settings, 2);
  before->step(vector_of(kMeans[0]), 1, &parts);
  const auto after = make_server_optimizer(settings, 2);
  archive_trip::expect_same_state(before.get(), after.get());
  for (size_t i = 1; i < kMeans.size(); ++i) after->step(vector_of(kMeans[i]), 1, &parts);
  for (int64_t i = 0; i < 2; ++i) EXPECT_EQ(parts.data()[i], whole.data()[i]);
}

INSTANTIATE_TEST_SUITE_P(Names, EveryServerOptimizer,
                         ::testing::ValuesIn(words_of(ServerOptimizerKind()).names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace medpfl
