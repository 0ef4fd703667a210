#include "attacks/matching/matching_settings.hpp"

#include <algorithm>

#include "attacks/engines/matching_engine.hpp"
#include "attacks/labels.hpp"
#include "attacks/matching/bottleneck_noise.hpp"
#include "attacks/matching/initializer.hpp"
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
  if (s.parametrization != "generator") return;
  if (s.box || s.median_every > 0)
    throw ConfigError(
        "parametrization=generator varies weights, so there are no pixels to project or filter, "
        "and its images lie in (0, 1) anyway: leave box and median_every out");
  if (s.init != "normal")
    throw ConfigError(
        "init gives first pixels, and parametrization=generator starts from random weights: leave "
        "it out");
  if (s.group > 1 && s.group_consistency > 0)
    throw ConfigError(
        "group_consistency compares pixels, and parametrization=generator varies weights: leave it "
        "out, or use parametrization=pixels");
}

}  // namespace

std::vector<OptionSpec> matching_options() {
  OptionSpec kernel_sigma =
      real_option("kernel_sigma", 1,
                  "of objective=kernel: a number, or the variance of the observed gradient, as a "
                  "whole or of each layer")
          .above(0)
          .or_word("global")
          .or_word("per-layer");
  kernel_sigma.default_value = "global";
  std::vector<OptionSpec> options = {
      choice_option("labels", "joint", label_rule_names(), "how labels are found"),
      choice_option("objective", "l2", distance_names(), "distance of gradients"),
      kernel_sigma,
      text_option("exclude", "", "parameter tensors left out: names and patterns, fc*,conv1.bias"),
      integer_option("top_layers", 0,
                     "only so many parameter tensors, of largest gradient norm; 0: all")
          .at_least(0),
      real_option("top_entries", 100, "only the largest entries of the gradient, in percent")
          .above(0)
          .between(0, 100),
      flag_option("nonzero", false, "only entries of the gradient that are not zero"),
      real_option("noise_scale", 0,
                  "known standard deviation of noise on the gradient: layers count by the share of "
                  "their energy that it does not explain")
          .at_least(0),
      choice_option(
          "output_error", "softmax", {"softmax", "observed"},
          "error at the logits of a candidate: its own, or that seen in the gradient of the "
          "last bias (one image)"),
      choice_option("bottleneck", "sample", bottleneck_names(),
                    "the noise in a bottleneck of the network: drawn anew at every evaluation, "
                    "left out, or solved for in the message (one image)"),
      choice_option("init", "normal", initializer_names(), "first images"),
      flag_option("grey", false, "vary one channel and repeat it in all others"),
      choice_option("parametrization", "pixels", parametrization_names(),
                    "what is varied: pixels, or the weights of an untrained generator of images"),
      integer_option("generator_width", 64, "channels of the generator's convolutions").at_least(1),
  };
  for (const Prior& prior : priors())
    options.push_back(real_option(prior.name, 0, prior.help).at_least(0));
  for (const OptionSpec& option : network_prior_options()) options.push_back(option);
  options.push_back(
      real_option("label_fit", 0,
                  "weight of |softmax(f(x)) - label|^2, for labels that are not joint")
          .at_least(0));
  options.push_back(real_option("gradient_penalty", 0,
                                "weight of the square of the distance's own gradient; twice the "
                                "evaluations")
                        .at_least(0));
  const std::vector<OptionSpec> update = {
      choice_option("update", "gradient", words_of(UpdateRule{}).names(),
                    "an update of several local steps: taken for one gradient, unrolled by "
                    "simulating the steps, or matched by a surrogate model (sme)"),
      integer_option("steps", 0, "local steps the attacker assumes; 0: as stated").at_least(0),
      integer_option("local_batch", 0,
                     "of update=unroll: images of a local step it assumes; 0: as stated")
          .at_least(0),
      real_option("local_rate", 0, "learning rate of the hospitals it assumes; 0: as stated")
          .at_least(0),
      real_option("surrogate_rate", 4e-3,
                  "of update=sme: learning rate of the surrogate's place, in that of the images")
          .above(0),
  };
  options.insert(options.end(), update.begin(), update.end());
  const std::vector<OptionSpec> rest = {
      real_option("objective_scale", 1, "weight of the distance of gradients").above(0),
      integer_option("group", 1, "candidates optimized together; the best one is kept")
          .between(1, 64),
      real_option("group_consistency", 0,
                  "of a group: weight of the mean squared distance of each to their mean")
          .at_least(0),
      choice_option("optimizer", "lbfgs", {"lbfgs", "adam"}, "what lowers the objective"),
      integer_option("iterations", 300, "iterations of the optimizer").at_least(1),
      real_option("learning_rate", 1, "length of a full step").above(0),
      choice_option("line_search", "none", {"none", "strong-wolfe"}, "of L-BFGS; none: full steps"),
      integer_option("inner", 20, "L-BFGS steps of an iteration").at_least(1),
      integer_option("history", 100, "curvature pairs that L-BFGS keeps").at_least(1),
      choice_option("sign", "none", sign_names(), "of Adam: what the gradient is replaced by"),
      real_option("beta2", 0.999, "of Adam: what is kept of the mean square a step")
          .between(0, 0.999999),
      choice_option("schedule", "constant", schedule_names(), "of Adam's learning rate"),
      integer_option("warmup", 0, "iterations of linear rise under schedule=cosine").at_least(0),
      real_option("langevin", 0, "of Adam: noise on the gradient, times the learning rate")
          .at_least(0),
      flag_option("box", false, "project images onto [0, 1] after each iteration"),
      integer_option("median_every", 0, "iterations between median filters; 0: never").at_least(0),
      real_option("stop_loss", 0, "stop below this objective; 0: never").at_least(0),
      integer_option("patience", 0, "stop after so many iterations without a gain; 0: never")
          .at_least(0),
  };
  options.insert(options.end(), rest.begin(), rest.end());
  for (const OptionSpec& option : decoding_options()) options.push_back(option);
  return options;
}

MatchingSettings read_matching_settings(const OptionValues& own, const AttackRequest& request) {
  MatchingSettings s;
  s.engine = request.engine;
  s.labels =
      words_of(LabelRule{}).parse(request.labels == "auto" ? own.text("labels") : request.labels);
  s.output_error = own.text("output_error");
  // Under the observed error the objective does not depend on labels, so they are read instead.
  if (s.output_error == "observed" && s.labels == LabelRule::kJoint) s.labels = LabelRule::kIdlg;
  s.bottleneck = own.text("bottleneck");
  s.init = own.text("init");
  s.update = words_of(UpdateRule{}).parse(own.text("update"));
  s.guess = {own.integer("steps"), own.integer("local_batch"), own.real("local_rate")};
  s.surrogate_rate = own.real("surrogate_rate");
  s.grey = own.flag("grey");
  s.parametrization = own.text("parametrization");
  s.generator_width = own.integer("generator_width");
  s.objective = {
      own.text("objective"), own.text("kernel_sigma"),
      ViewOptions{own.list("exclude"), own.integer("top_layers"), own.real("top_entries"),
                  own.flag("nonzero"), own.real("noise_scale")}};
  for (const Prior& prior : priors()) s.prior_weights.push_back(own.real(prior.name));
  s.network_priors = read_network_priors(own);
  s.objective_scale = own.real("objective_scale");
  s.group = own.integer("group");
  s.group_consistency = own.real("group_consistency");
  s.label_fit = own.real("label_fit");
  s.gradient_penalty = own.real("gradient_penalty");
  s.optimizer = own.text("optimizer");
  s.iterations = request.iterations > 0 ? request.iterations : own.integer("iterations");
  s.lbfgs.learning_rate = s.adam.learning_rate = own.real("learning_rate");
  s.lbfgs.strong_wolfe = own.text("line_search") == "strong-wolfe";
  s.lbfgs.inner = own.integer("inner");
  s.lbfgs.history = own.integer("history");
  s.adam.beta2 = own.real("beta2");
  s.adam.sign = own.text("sign");
  s.adam.schedule = {own.text("schedule"), s.iterations, own.integer("warmup")};
  s.adam.langevin = own.real("langevin");
  s.box = own.flag("box");
  s.median_every = own.integer("median_every");
  s.decoding = read_decoding(own);
  s.stop_loss = own.real("stop_loss");
  s.patience = own.integer("patience");
  check_label_fit(s);
  check_generator(s);
  return s;
}

std::unique_ptr<Optimizer> make_optimizer(const MatchingSettings& settings, const StreamKey& noise,
                                          int64_t n) {
  if (settings.optimizer == "lbfgs") return std::make_unique<Lbfgs>(settings.lbfgs, n);
  AdamOptions adam = settings.adam;
  adam.noise = noise;
  return std::make_unique<Adam>(adam, n);
}

}  // namespace medpfl
