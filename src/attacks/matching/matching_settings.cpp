#include "attacks/matching/matching_settings.hpp"

#include <algorithm>

#include "attacks/engines/matching_engine.hpp"
#include "attacks/labels.hpp"
#include "attacks/matching/first_images.hpp"
#include "attacks/matching/parametrization.hpp"
#include "attacks/matching/priors.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

void check_label_fit(const MatchingSettings& s) {
  if (s.label_fit > 0 && s.labels == LabelRule::kJoint)
    throw ConfigError(
        "label_fit compares the network's answer with labels that are known or inferred, and "
        "labels=joint optimizes them: use labels=idlg or another rule, or label_fit=0");
}

void check_generator(const MatchingSettings& s) {
  if (!s.generator) return;
  if (s.box || s.median_every > 0)
    throw ConfigError(
        "parametrization=generator varies weights, so there are no pixels to project or filter, "
        "and its images lie in (0, 1) anyway: leave box and median_every out");
  if (s.init != FirstImages::kNormal)
    throw ConfigError(
        "init gives first pixels, and parametrization=generator starts from random weights: leave "
        "it out");
  if (s.group > 1 && s.group_consistency > 0)
    throw ConfigError(
        "group_consistency compares pixels, and parametrization=generator varies weights: leave it "
        "out, or use parametrization=pixels");
}

OptionTable<MatchingSettings> prior_options() {
  OptionTable<MatchingSettings> table;
  for (size_t i = 0; i < priors().size(); ++i)
    table.add(
        {Option<MatchingSettings>::at(
             priors()[i].name, [i](MatchingSettings& s) -> double& { return s.prior_weights[i]; },
             priors()[i].help)
             .at_least(0)});
  return table;
}

}  // namespace

const Words<OptimizerKind>& words_of(OptimizerKind) {
  static const Words<OptimizerKind> words = {{OptimizerKind::kLbfgs, "lbfgs"},
                                             {OptimizerKind::kAdam, "adam"}};
  return words;
}

OptionTable<MatchingSettings> matching_options() {
  using M = MatchingSettings;
  using O = Option<M>;
  OptionTable<M> table = {
      O{"labels", &M::labels, "how labels are found"}.one_of(label_rule_names())};
  table.add(&M::objective, distance_options())
      .add({O{"output_error", &M::observed_error,
              "error at the logits of a candidate: its own, or that seen in the gradient of the "
              "last bias (one image)"}
                .named("softmax", "observed"),
            {"bottleneck", &M::bottleneck,
             "the noise in a bottleneck of the network: drawn anew at every evaluation, "
             "left out, or solved for in the message (one image)"},
            {"init", &M::init, "first images"},
            {"grey", &M::grey,
             "vary one channel and repeat it in all others; auto: where the mean public image is "
             "gray"},
            O{"parametrization", &M::generator,
              "what is varied: pixels, or the weights of an untrained generator of images"}
                .named("pixels", "generator"),
            O{"generator_width", &M::generator_width, "channels of the generator's convolutions"}
                .at_least(1)})
      .add(prior_options())
      .add(&M::network_priors, network_prior_options())
      .add({O{"label_fit", &M::label_fit,
              "weight of |softmax(f(x)) - label|^2, for labels that are not joint"}
                .at_least(0),
            O{"gradient_penalty", &M::gradient_penalty,
              "weight of the square of the distance's own gradient; twice the evaluations"}
                .at_least(0),
            {"update", &M::update,
             "an update of several local steps: taken for one gradient, unrolled by "
             "simulating the steps, or matched by a surrogate model (sme)"},
            O{"steps", &M::guess, &LocalGuess::steps,
              "local steps the attacker assumes; 0: as stated"}
                .at_least(0),
            O{"local_batch", &M::guess, &LocalGuess::batch,
              "of update=unroll: images of a local step it assumes; 0: as stated"}
                .at_least(0),
            O{"local_rate", &M::guess, &LocalGuess::rate,
              "learning rate of the hospitals it assumes; 0: as stated"}
                .at_least(0),
            O{"surrogate_rate", &M::surrogate_rate,
              "of update=sme: learning rate of the surrogate's place, times that of the images"}
                .above(0),
            O{"objective_scale", &M::objective_scale, "weight of the distance of gradients"}.above(
                0),
            O{"group", &M::group, "candidates optimized together; the best one is kept"}.between(
                1, 64),
            O{"group_consistency", &M::group_consistency,
              "of a group: weight of the candidates' mean squared distance to their mean"}
                .at_least(0),
            {"optimizer", &M::optimizer, "what lowers the objective"},
            O{"iterations", &M::iterations, "iterations of the optimizer"}.at_least(1),
            O{"learning_rate", &M::learning_rate, "length of a full step"}.above(0)})
      .add(&M::lbfgs, lbfgs_options())
      .add(&M::adam, adam_options())
      .add({{"box", &M::box, "project images onto [0, 1] after each iteration"},
            O{"median_every", &M::median_every, "iterations between median filters; 0: never"}
                .at_least(0),
            O{"stop_loss", &M::stop_loss, "stop below this objective; 0: never"}.at_least(0),
            O{"patience", &M::patience, "stop after so many iterations without a gain; 0: never"}
                .at_least(0)});
  return table.add(&M::decoding, decoding_options());
}

MatchingSettings read_matching_settings(const OptionValues& own, const AttackRequest& request) {
  static const OptionTable<MatchingSettings> options = matching_options();
  MatchingSettings s = options.read(own);
  s.engine = request.engine;
  if (request.labels) s.labels = *request.labels;
  // Under the observed error the objective does not depend on labels, so they are read instead.
  if (s.observed_error && s.labels == LabelRule::kJoint) s.labels = LabelRule::kIdlg;
  if (request.iterations > 0) s.iterations = request.iterations;
  s.lbfgs.learning_rate = s.adam.learning_rate = s.learning_rate;
  s.adam.schedule.iterations = s.iterations;
  check_label_fit(s);
  check_generator(s);
  return s;
}

int64_t evaluations_of_iteration(const MatchingSettings& settings) {
  const int64_t of_candidate =
      settings.optimizer == OptimizerKind::kAdam ? 1 : Lbfgs::evaluations_of_step(settings.lbfgs);
  return settings.group * (settings.gradient_penalty > 0 ? 2 : 1) * of_candidate;
}

std::unique_ptr<Optimizer> make_optimizer(const MatchingSettings& settings, const StreamKey& noise,
                                          int64_t n) {
  if (settings.optimizer == OptimizerKind::kLbfgs)
    return std::make_unique<Lbfgs>(settings.lbfgs, n);
  AdamOptions adam = settings.adam;
  adam.noise = noise;
  return std::make_unique<Adam>(adam, n);
}

}  // namespace medpfl
