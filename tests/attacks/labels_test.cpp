#include "attacks/labels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "core/error.hpp"
#include "models/network_builder.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using observations::build;
using observations::noise_images;
using observations::observe;

TEST(Labels, IdlgReadsEveryClassFromARealGradient) {
  constexpr int64_t kClasses = 5;
  const Model model = build("lenet-dlg", 16, kClasses);
  for (int64_t label = 0; label < kClasses; ++label)
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      const Observation seen = observe(model, noise_images(1, 16, seed), {label}, seed);
      EXPECT_EQ(infer_labels(LabelRule::kIdlg, model, seen), std::vector<int64_t>{label}) << seed;
    }
}

// Behind the bottleneck of precode, and behind tanh and the like, features have both signs.
TEST(Labels, IdlgReadsEveryClassWhereFeaturesHaveBothSigns) {
  constexpr int64_t kClasses = 5;
  ModelRequest request;
  request.input = {1, 16, 16};
  request.classes = kClasses;
  request.before_head = [](NetworkBuilder* network) { network->bottleneck({8, 0.05}); };
  std::vector<Model> networks;
  const auto& entry = models().find("lenet-dlg");
  networks.push_back(entry.create(OptionValues::defaults(entry.options), request));
  for (const char* activation : {"tanh", "leaky_relu", "elu", "silu"})
    networks.push_back(build("lenet-dlg", 16, kClasses, activation));
  for (const Model& model : networks) {
    EXPECT_TRUE(signed_features(model));
    for (int64_t label = 0; label < kClasses; ++label)
      for (uint64_t seed = 1; seed <= 6; ++seed) {
        const Observation seen = observe(model, noise_images(1, 16, seed), {label}, seed);
        EXPECT_EQ(infer_labels(LabelRule::kIdlg, model, seen), std::vector<int64_t>{label}) << seed;
      }
  }
}

TEST(Labels, FeaturesHaveTheSignsThatTheirLayersLeave) {
  for (const std::string& name : models().names())
    EXPECT_FALSE(signed_features(build(name, 32, 4, "relu"))) << name;
  EXPECT_TRUE(signed_features(build("convnet", 16, 4, "silu")));
  const Model tanh = build("lenet-dlg", 16, 4, "tanh"), sigmoid = build("lenet-dlg", 16, 4);
  for (const LabelRule rule : {LabelRule::kYin, LabelRule::kCounts}) {
    EXPECT_TRUE(misled_by_signs(rule, tanh)) << word_of(rule);
    EXPECT_FALSE(misled_by_signs(rule, sigmoid)) << word_of(rule);
  }
  for (const LabelRule rule : {LabelRule::kIdlg, LabelRule::kBiasSign, LabelRule::kBiasCounts,
                               LabelRule::kKnown, LabelRule::kJoint})
    EXPECT_FALSE(misled_by_signs(rule, tanh)) << word_of(rule);
}

// Rows of the head's weight gradient that sum to `sums`, the rest of the gradient misleading.
Observation constructed(const Model& model, const std::vector<float>& sums) {
  Observation seen;
  seen.weights = FlatParameters(model.layout());
  seen.gradient = FlatParameters(model.layout());
  seen.gradient.fill(-100);
  at::Tensor head = seen.gradient.view(model.head().weight);
  head.zero_();
  for (size_t c = 0; c < sums.size(); ++c) {
    // The least single entry is in another row than the least sum.
    head[static_cast<int64_t>(c)][0].fill_(sums[c] - static_cast<float>(c) * 50);
    head[static_cast<int64_t>(c)][1].fill_(static_cast<float>(c) * 50);
  }
  return seen;
}

TEST(Labels, IdlgTakesTheLeastRowSumOfTheHead) {
  const Model model = build("mlp", 8, 4, "sigmoid", {{"hidden", "3"}});
  EXPECT_EQ(infer_labels(LabelRule::kIdlg, model, constructed(model, {-3, -1, 2, 1})),
            std::vector<int64_t>{0});
  EXPECT_EQ(infer_labels(LabelRule::kIdlg, model, constructed(model, {3, 1, 2, 4})),
            std::vector<int64_t>{1});
  EXPECT_EQ(infer_labels(LabelRule::kIdlg, model, constructed(model, {0, 0, -1, 0})),
            std::vector<int64_t>{2});
}

TEST(Labels, IdlgRefusesSeveralImages) {
  const Model model = build("mlp", 8, 4, "sigmoid", {{"hidden", "3"}});
  Observation seen = constructed(model, {1, 2, 3, 4});
  seen.batch = 2;
  seen.client = 7;
  seen.round = 3;
  try {
    infer_labels(LabelRule::kIdlg, model, seen);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "attack.labels=idlg finds the label of one image, but the message of hospital 7 in "
        "round 3 comes from 2; use bias-counts, counts, known or joint");
  }
}

TEST(Labels, KnownAreThoseOfTheObservationAndJointHasNone) {
  const Model model = build("mlp", 8, 4, "sigmoid", {{"hidden", "3"}});
  Observation seen = constructed(model, {1, 2, 3, 4});
  EXPECT_TRUE(infer_labels(LabelRule::kKnown, model, seen).empty());
  seen.known_labels = {3, 1};
  EXPECT_EQ(infer_labels(LabelRule::kKnown, model, seen), (std::vector<int64_t>{3, 1}));
  EXPECT_TRUE(infer_labels(LabelRule::kJoint, model, seen).empty());
}

// The gradient of the head's bias, the rest misleading.
Observation constructed_bias(const Model& model, const std::vector<float>& bias, int64_t batch) {
  Observation seen = constructed(model, {1, 2, 3, 4});
  seen.batch = batch;
  std::copy(bias.begin(), bias.end(),
            seen.gradient.data() + model.layout()[model.head().bias].offset);
  return seen;
}

using Classes = std::vector<int64_t>;

Model small_mlp() { return build("mlp", 8, 4, "sigmoid", {{"hidden", "3"}}); }

TEST(Labels, BiasSignTakesNegativeClassesInTurn) {
  const Model model = small_mlp();
  const Observation seen = constructed_bias(model, {0.1F, -0.2F, 0.3F, -0.4F}, 5);
  EXPECT_EQ(infer_labels(LabelRule::kBiasSign, model, seen), (Classes{3, 1, 3, 1, 3}));
  EXPECT_EQ(infer_labels(LabelRule::kBiasSign, model, constructed_bias(model, {-1, -2, -3, -4}, 2)),
            (Classes{3, 2}));
  EXPECT_EQ(infer_labels(LabelRule::kBiasSign, model, constructed_bias(model, {4, 2, 3, 4}, 2)),
            (Classes{1, 1}))
      << "no negative entry: the least one";
}

TEST(Labels, BiasCountsAreExactWherePredictionsAreFixed) {
  const Model model = small_mlp();
  // Chance 1/4 each minus counts 3, 0, 1, 4 of 8.
  const std::vector<float> gradient = {0.25F - 3.0F / 8, 0.25F, 0.25F - 1.0F / 8, 0.25F - 0.5F};
  Classes found = infer_labels(LabelRule::kBiasCounts, model, constructed_bias(model, gradient, 8));
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (Classes{0, 0, 0, 2, 3, 3, 3, 3}));
}

TEST(Labels, CountsByHand) {
  const Model model = small_mlp();
  // Negative sums add up to -6: each image found gives back 6 * 5/4 / 3 = 2.5.
  Observation seen = constructed(model, {-5, 2, -1, 0.5F});
  seen.batch = 3;
  EXPECT_EQ(infer_labels(LabelRule::kCounts, model, seen), (Classes{0, 2, 0}));
  seen.batch = 1;
  EXPECT_EQ(infer_labels(LabelRule::kCounts, model, seen), Classes{0});
}

TEST(Labels, YinSortsByTheLeastEntry) {
  const Model model = small_mlp();
  Observation seen = constructed(model, {0, 0, 0, 0});
  seen.batch = 3;
  at::Tensor head = seen.gradient.view(model.head().weight);
  head.zero_();
  head[0][2].fill_(-1);
  head[1][0].fill_(-3);
  head[1][1].fill_(9);
  head[3][1].fill_(-2);
  EXPECT_EQ(infer_labels(LabelRule::kYin, model, seen), (Classes{1, 3, 0}));
}

// Shares of right labels, as multisets, over batches of eight with repeated labels.
double accuracy(LabelRule rule) {
  constexpr int64_t kBatch = 8, kClasses = 10, kBatches = 20;
  const Model model = build("lenet-dlg", 16, kClasses);
  int64_t right = 0;
  for (uint64_t seed = 1; seed <= kBatches; ++seed) {
    RandomStream random({seed, Purpose::kBenchmark, 0, 0, 0});
    Classes labels;
    for (int64_t i = 0; i < kBatch; ++i)
      labels.push_back(static_cast<int64_t>(random.below(kClasses)));
    Observation seen =
        observe(model, noise_images(kBatch, 16, seed), labels, seed, {InitKind::kPytorch, 0});
    Classes found = infer_labels(rule, model, seen), both;
    EXPECT_EQ(found.size(), labels.size());
    std::sort(labels.begin(), labels.end());
    std::sort(found.begin(), found.end());
    std::set_intersection(labels.begin(), labels.end(), found.begin(), found.end(),
                          std::back_inserter(both));
    right += static_cast<int64_t>(both.size());
  }
  return static_cast<double>(right) / (kBatch * kBatches);
}

TEST(Labels, BatchRulesReadRealGradients) {
  EXPECT_GT(accuracy(LabelRule::kBiasCounts), 0.97);
  EXPECT_GT(accuracy(LabelRule::kCounts), 0.85);
  EXPECT_GT(accuracy(LabelRule::kBiasSign), 0.8);
  EXPECT_GT(accuracy(LabelRule::kYin), 0.6);
}

TEST(Labels, RulesOfOneImageAgree) {
  const Model model = build("lenet-dlg", 16, 5);
  for (int64_t label = 0; label < 5; ++label) {
    const Observation seen = observe(model, noise_images(1, 16, 3), {label});
    for (const LabelRule rule : {LabelRule::kIdlg, LabelRule::kYin, LabelRule::kCounts,
                                 LabelRule::kBiasSign, LabelRule::kBiasCounts})
      EXPECT_EQ(infer_labels(rule, model, seen), Classes{label}) << word_of(rule);
  }
}

TEST(Labels, UnknownRuleIsRefused) {
  EXPECT_THROW(words_of(LabelRule{}).parse("guess"), ConfigError);
}

// It is for closed forms, which fit classes to images they have read.
TEST(Labels, FitIsNoRuleOfTheGradient) {
  const Model model = build("mlp", 8, 4, "sigmoid", {{"hidden", "3"}});
  EXPECT_THROW(infer_labels(LabelRule::kFit, model, constructed(model, {1, 2, 3, 4})), Error);
  for (const std::string& name : label_rule_names()) EXPECT_NE(name, "fit");
}

}  // namespace
}  // namespace medpfl
