// What an attack keeps of its way: the trace of its objective, the terms of that, snapshots.
#include <gtest/gtest.h>

#include <algorithm>

#include "attack_runs.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using attack_runs::make_attack;
using attack_runs::Options;
using attack_runs::run;
using observations::build;
using observations::observe;
using observations::phantom_image;

// Whatever the optimizer evaluated last: a line search ends with points it did not take.
TEST(MatchingAttack, TermsOfTheTraceAddUpToTheObjective) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  for (const Options& optimizer : {Options{{"line_search", "strong-wolfe"}}, Options{},
                                   Options{{"optimizer", "adam"}, {"learning_rate", "0.1"}}}) {
    Options options = optimizer;
    options.insert(options.end(), {{"iterations", "12"}, {"inner", "3"}});
    const Reconstruction bare = run(*make_attack("idlg", options), model, seen);
    EXPECT_EQ(bare.terms, std::vector<std::string>{"matching"});
    EXPECT_EQ(bare.trace_terms, bare.trace);
    options.insert(options.end(), {{"tv", "0.5"}, {"image_l2", "0.25"}});
    const Reconstruction all = run(*make_attack("idlg", options), model, seen);
    ASSERT_EQ(all.terms, (std::vector<std::string>{"matching", "tv", "image_l2"}));
    ASSERT_EQ(all.trace_terms.size(), 3 * all.trace.size());
    ASSERT_GT(all.trace.size(), 3);
    for (size_t i = 0; i < all.trace.size(); ++i) {
      const double* terms = &all.trace_terms[3 * i];
      EXPECT_EQ(all.trace[i], terms[0] + terms[1] + terms[2]);
      for (size_t k = 0; k < 3; ++k) EXPECT_GT(terms[k], 0);
    }
  }
}

// Each term is what the objective has more with it than without: at the first point, where Adam
// evaluates before it moves.
TEST(MatchingAttack, TermsHoldTheirWeight) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  const auto first = [&](const std::string& tv) {
    return run(*make_attack("modern", {{"iterations", "1"}, {"tv", tv}, {"feature_match", "0"}}),
               model, seen);
  };
  const Reconstruction none = first("0"), once = first("0.5"), twice = first("1");
  ASSERT_EQ(once.terms, (std::vector<std::string>{"matching", "tv", "tv_colour"}));
  EXPECT_EQ(none.trace_terms[0], once.trace_terms[0]);
  EXPECT_EQ(none.trace_terms[1], once.trace_terms[2]);
  EXPECT_DOUBLE_EQ(twice.trace_terms[1], 2 * once.trace_terms[1]);
  EXPECT_NEAR(once.trace[0] - none.trace[0], once.trace_terms[1], 1e-9);
}

TEST(MatchingAttack, KeepsSnapshotsAndATraceThatAscends) {
  const Model model = build("lenet-medpfl", 24, 4);
  const Observation seen = observe(model, phantom_image(24, 3).first, {1});
  AttackRequest request;
  request.snapshots = {0, 1, 4, 250, 999};
  request.iterations = 250;
  const Reconstruction r = run(
      *make_attack("idlg", {{"stop_loss", "0"}, {"inner", "1"}, {"line_search", "strong-wolfe"}},
                   request),
      model, seen);
  ASSERT_EQ(r.status, "finished");
  EXPECT_EQ(r.iterations, 250);
  EXPECT_EQ(r.snapshot_iterations, (std::vector<int64_t>{0, 1, 4, 250}));
  ASSERT_EQ(r.snapshots.size(), 4U);
  for (const at::Tensor& image : r.snapshots) {
    EXPECT_TRUE(image.sizes() == r.images.sizes());
    EXPECT_GE(image.min().item<float>(), 0);
    EXPECT_LE(image.max().item<float>(), 1);
  }
  EXPECT_TRUE(r.snapshots.back().equal(r.images)) << "the last snapshot is the result";
  EXPECT_FALSE(r.snapshots[0].equal(r.snapshots[1]));
  ASSERT_EQ(r.trace.size(), r.trace_iterations.size());
  EXPECT_LE(r.trace.size(), 101U);
  EXPECT_EQ(r.trace_iterations.front(), 1);
  EXPECT_EQ(r.trace_iterations.back(), 249);
  EXPECT_TRUE(
      std::is_sorted(r.trace_iterations.begin(), r.trace_iterations.end(), std::less_equal<>()));
}

}  // namespace
}  // namespace medpfl
