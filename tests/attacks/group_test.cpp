// Several candidates in one search.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "attack_runs.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "attacks/matching/first_images.hpp"
#include "metrics/image.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using attack_runs::expect_same;
using attack_runs::make_attack;
using attack_runs::Options;
using attack_runs::run;
using attack_runs::run_in_pieces;
using observations::build;
using observations::noise_images;
using observations::observe;

Options merged(Options options, const Options& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

const Options kBare = {{"labels", "idlg"}, {"optimizer", "adam"}, {"learning_rate", "0.1"}};

TEST(Group, TheResultIsTheMemberOfLeastOwnObjective) {
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, noise_images(1, 16, 5), {2});
  const auto objective = make_gradient_distance({DistanceKind::kL2}, seen.gradient);
  const auto engine = make_engine(choose_engine({}, model), model, seen, *objective);
  const auto own = [&](const at::Tensor& images) {
    Candidate candidate;
    candidate.images = images;
    candidate.labels = at::tensor(std::vector<int64_t>{2}, at::kLong);
    CandidateGradient unused;
    return engine->evaluate(candidate, &unused);
  };
  // Members start one after another from the stream of a search of one. As only starts are
  // evaluated here, a heavy pull to their mean must not matter.
  for (uint64_t restart = 0; restart < 4; ++restart) {
    RandomStream random({1, Purpose::kAttackStart, 0, 0, restart});
    std::vector<at::Tensor> starts;
    std::vector<double> values;
    for (int member = 0; member < 5; ++member) {
      starts.push_back(initial_images(FirstImages::kUniform, {1, 1, 16, 16}, {}, &random));
      values.push_back(own(starts.back()));
    }
    const auto least = std::min_element(values.begin(), values.end());
    const Reconstruction found =
        run(*make_attack("dlg", merged(kBare, {{"init", "uniform"},
                                               {"group", "5"},
                                               {"group_consistency", "1000"},
                                               {"iterations", "1"}})),
            model, seen, restart);
    EXPECT_EQ(found.objective, *least);
    EXPECT_TRUE(found.images.equal(starts[static_cast<size_t>(least - values.begin())]));
    EXPECT_EQ(found.evaluations, 5);
    EXPECT_GT(found.trace.front(), 1000 * 4 * 0.05) << "what is optimized counts the distances";
  }
}

TEST(Group, MembersGoTheirOwnWayUnlessTheyAreHeldTogether) {
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, noise_images(2, 16, 5), {2, 1});
  const Options options =
      merged(kBare, {{"labels", "joint"}, {"iterations", "25"}, {"median_every", "10"}});
  const Reconstruction alone = run(*make_attack("dlg", options), model, seen);
  const Reconstruction one =
      run(*make_attack("dlg", merged(options, {{"group", "1"}, {"group_consistency", "9"}})), model,
          seen);
  expect_same(alone, one);
  const Reconstruction loose =
      run(*make_attack("dlg", merged(options, {{"group", "4"}})), model, seen);
  EXPECT_LE(loose.objective, alone.objective) << "the first member is that of the other";
  EXPECT_EQ(loose.evaluations, 4 * 25);
  const Reconstruction held =
      run(*make_attack("dlg", merged(options, {{"group", "4"}, {"group_consistency", "1"}})), model,
          seen);
  EXPECT_FALSE(held.images.equal(loose.images));
}

TEST(Group, StoppedAndContinuedGivesTheSameBits) {
  const Model model = build("resnet20", 16, 4, "auto", {{"width", "2"}}, NormMode::kTrain);
  const Observation seen = observe(model, noise_images(2, 16, 5), {2, 1});
  const Options options = {{"iterations", "13"},    {"group", "3"},
                           {"langevin", "0.1"},     {"median_every", "5"},
                           {"bn_target", "update"}, {"feature_match", "0.1"}};
  const Reconstruction whole = run(*make_attack("grad-inversion", options), model, seen);
  ASSERT_EQ(whole.iterations, 13);
  expect_same(whole, run_in_pieces("grad-inversion", options, model, seen));
  const Options joint = merged(kBare, {{"labels", "joint"}, {"group", "3"}, {"iterations", "13"}});
  const Reconstruction labelled = run(*make_attack("dlg", joint), model, seen);
  expect_same(labelled, run_in_pieces("dlg", joint, model, seen));
}

}  // namespace
}  // namespace medpfl
