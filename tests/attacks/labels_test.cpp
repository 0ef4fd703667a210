#include "attacks/labels.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
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
      EXPECT_EQ(infer_labels("idlg", model, seen), std::vector<int64_t>{label}) << seed;
    }
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
  EXPECT_EQ(infer_labels("idlg", model, constructed(model, {-3, -1, 2, 1})),
            std::vector<int64_t>{0});
  EXPECT_EQ(infer_labels("idlg", model, constructed(model, {3, 1, 2, 4})), std::vector<int64_t>{1});
  EXPECT_EQ(infer_labels("idlg", model, constructed(model, {0, 0, -1, 0})),
            std::vector<int64_t>{2});
}

TEST(Labels, IdlgRefusesSeveralImages) {
  const Model model = build("mlp", 8, 4, "sigmoid", {{"hidden", "3"}});
  Observation seen = constructed(model, {1, 2, 3, 4});
  seen.batch = 2;
  seen.client = 7;
  seen.round = 3;
  try {
    infer_labels("idlg", model, seen);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "attack.labels=idlg finds the label of one image, but the message of hospital 7 in "
        "round 3 comes from 2; use attack.labels=known or joint");
  }
}

TEST(Labels, KnownAreThoseOfTheObservationAndJointHasNone) {
  const Model model = build("mlp", 8, 4, "sigmoid", {{"hidden", "3"}});
  Observation seen = constructed(model, {1, 2, 3, 4});
  EXPECT_TRUE(infer_labels("known", model, seen).empty());
  seen.known_labels = {3, 1};
  EXPECT_EQ(infer_labels("known", model, seen), (std::vector<int64_t>{3, 1}));
  EXPECT_TRUE(infer_labels("joint", model, seen).empty());
}

TEST(Labels, UnknownRuleIsRefused) {
  const Model model = build("mlp", 8, 4, "sigmoid", {{"hidden", "3"}});
  EXPECT_THROW(infer_labels("guess", model, constructed(model, {1, 2, 3, 4})), ConfigError);
  EXPECT_EQ(label_rule_names(), (std::vector<std::string>{"known", "idlg", "joint"}));
}

}  // namespace
}  // namespace medpfl
