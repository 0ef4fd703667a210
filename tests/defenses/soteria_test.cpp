#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "defenses/feature_sensitivity.hpp"
#include "models/layer_inputs.hpp"
#include "updates.hpp"

namespace medpfl::soteria_test {
namespace {

using namespace testing;

DefenseContext context_of(const SmallClient& client) {
  return {42, 3, 5, 0, 1, nullptr, &client.own};
}

// The definition, by central differences.
std::vector<double> by_differences(const SmallClient& client) {
  const at::NoGradGuard no_graph;
  const auto features = [&](const at::Tensor& image) {
    return layer_inputs(client.model, client.weights.views(), image, NormMode::kEval)
        .features[0]
        .to(at::kDouble);
  };
  std::vector<double> sum;
  for (int64_t i = 0; i < client.own.count; ++i) {
    const at::Tensor image = client.own.images(i, i + 1);
    const at::Tensor r = features(image);
    std::vector<double> squares(static_cast<size_t>(r.numel()), 0);
    sum.resize(squares.size(), 0);
    for (int64_t pixel = 0; pixel < image.numel(); ++pixel) {
      const double h = 1e-2;
      at::Tensor up = image.clone(), down = image.clone();
      up.view(-1)[pixel].add_(h);
      down.view(-1)[pixel].sub_(h);
      const at::Tensor slope = features(up).sub(features(down)).div(2 * h);
      for (int64_t j = 0; j < r.numel(); ++j)
        squares[static_cast<size_t>(j)] += std::pow(slope[j].item<double>(), 2);
    }
    for (int64_t j = 0; j < r.numel(); ++j)
      sum[static_cast<size_t>(j)] +=
          std::sqrt(squares[static_cast<size_t>(j)]) / std::fabs(r[j].item<double>());
  }
  return sum;
}

void expect_differences(const SmallClient& client) {
  const std::vector<double> expected = by_differences(client);
  const std::vector<double> found = feature_sensitivity(client.own);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t j = 0; j < found.size(); ++j)
    EXPECT_NEAR(found[j], expected[j], 2e-3 * expected[j]) << j;
}

TEST(Soteria, SensitivityAgreesWithDifferences) {
  expect_differences(SmallClient(3));
  expect_differences(SmallClient(2, "lenet-dlg", {}, "tanh"));
}

TEST(Soteria, SensitivityIsASumOverImagesHoweverMany) {
  const SmallClient many(70);
  std::vector<double> sum(12, 0);
  for (int64_t i = 0; i < 70; ++i) {
    OwnTraining one = many.own;
    one.count = 1;
    one.images = [&, i](int64_t, int64_t) { return many.shard.slice(0, i, i + 1); };
    const std::vector<double> part = feature_sensitivity(one);
    for (size_t j = 0; j < part.size(); ++j) sum[j] += part[j];
  }
  const std::vector<double> found = feature_sensitivity(many.own);
  for (size_t j = 0; j < sum.size(); ++j) EXPECT_NEAR(found[j], sum[j], 1e-5 * sum[j]);
}

TEST(Soteria, UnitsThatAreOffTellNothing) {
  SmallClient client(2, "mlp", {{"hidden", "12"}}, "relu");
  client.weights.view(1).select(0, 4).fill_(-100);  // the bias of unit 4
  EXPECT_EQ(feature_sensitivity(client.own)[4], 0);
}

TEST(Soteria, ZeroesTheColumnsBelowThePercentileAndNothingElse) {
  const SmallClient client(3);
  const std::vector<double> score = feature_sensitivity(client.own);
  const FlatParameters before = client.update();
  // Of 12 features: the percentile 40 lies at the place 4.4 of 0 ... 11.
  for (const auto& [percentile, zeroed] :
       std::map<std::string, int64_t>{{"1", 1}, {"40", 5}, {"100", 11}}) {
    FlatParameters after = before;
    make_hook("soteria", {{"percentile", percentile}})->apply(&after, context_of(client));
    const int64_t head = client.model.head().weight;
    for (int64_t i = 0; i < before.layout().count(); ++i)
      EXPECT_EQ(after.view(i).equal(before.view(i)), i != head) << i;
    double highest_zeroed = 0, least_kept = std::numeric_limits<double>::infinity();
    int64_t count = 0;
    for (int64_t j = 0; j < 12; ++j) {
      const at::Tensor column = after.view(head).select(1, j);
      const double s = score[static_cast<size_t>(j)];
      if (column.count_nonzero().item<int64_t>() == 0) {
        ++count;
        highest_zeroed = std::max(highest_zeroed, s);
      } else {
        EXPECT_TRUE(column.equal(before.view(head).select(1, j))) << j;
        least_kept = std::min(least_kept, s);
      }
    }
    EXPECT_EQ(count, zeroed);
    EXPECT_LE(highest_zeroed, least_kept);
  }
}

TEST(Soteria, RefusesWhatIsNotFinite) {
  SmallClient client(1);
  client.weights.fill(std::numeric_limits<float>::quiet_NaN());
  FlatParameters update = client.update();
  try {
    make_hook("soteria")->apply(&update, context_of(client));
    FAIL() << "no error";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("features of the hospital's images are not finite"),
              std::string::npos);
  }
  EXPECT_THROW(make_hook("soteria")->apply(&update, {1, 2, 3}), Error);
}

}  // namespace
}  // namespace medpfl::soteria_test
