#include "attacks/matching/matching_attack.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "attacks/distances/gradient_distance.hpp"
#include "attacks/labels.hpp"
#include "attacks/matching/bottleneck_noise.hpp"
#include "attacks/matching/matching_settings.hpp"
#include "attacks/matching/search.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "core/violations.hpp"

namespace medpfl {
namespace {

std::optional<SingleImage> single_image(const MatchingSettings& s) {
  if (s.observed_error) return SingleImage{"output_error", "observed", "softmax", true};
  if (s.bottleneck == BottleneckNoise::kObserved)
    return SingleImage{"bottleneck", "observed", "mean", true};
  if (s.labels == LabelRule::kIdlg) return SingleImage{"labels", "idlg", "known or joint"};
  return std::nullopt;
}

std::string assumptions(const MatchingSettings& s) {
  const ViewOptions& view = s.objective.view;
  std::vector<std::string> told;
  if (!view.exclude.empty()) told.push_back("exclude " + join(view.exclude, ","));
  if (view.nonzero) told.emplace_back("nonzero");
  if (view.noise > 0) told.push_back("noise_scale " + shortest(view.noise));
  if (s.bottleneck != BottleneckNoise::kSample)
    told.push_back("bottleneck " + word_of(s.bottleneck));
  return join(told, ", ");
}

Countermeasures counters(const MatchingSettings& s) {
  const DistanceKind distance = s.objective.distance;
  Countermeasures out;
  out.any_length = distance == DistanceKind::kCosine;
  if (out.any_length || distance == DistanceKind::kRelativeL2)
    out.variation = total_variation(s.prior_weights) / s.objective_scale;
  out.knows_noise = s.objective.view.noise > 0;
  out.generator = s.generator;
  out.skips_zeros = s.objective.view.nonzero;
  out.knows_layer = s.bottleneck != BottleneckNoise::kSample && !s.objective.view.exclude.empty();
  out.registers = s.decoding.rule == DecodeRule::kRegister;
  return out;
}

AttackFacts facts_of(const MatchingSettings& s) {
  AttackFacts facts;
  facts.labels = s.labels;
  facts.update = s.update;
  facts.guess = s.guess;
  facts.single_image = single_image(s);
  facts.public_mean =
      s.init == FirstImages::kSurrogate || s.decoding.any() || s.grey == OneChannel::kAuto;
  if (s.network_priors.bn_statistics > 0) facts.batch_statistics = s.network_priors.bn_target;
  if (s.decoding.any()) facts.decoding = s.decoding.describe();
  facts.assumptions = assumptions(s);
  facts.counters = counters(s);
  if (s.optimizer == OptimizerKind::kLbfgs) facts.history = 2 * s.lbfgs.history;
  facts.iterations = s.iterations;
  facts.evaluations = evaluations_of_iteration(s);
  return facts;
}

class MatchingAttack final : public Attack {
 public:
  MatchingAttack(MatchingSettings settings, std::vector<int64_t> snapshots)
      : settings_(std::move(settings)), snapshots_(std::move(snapshots)) {}

  AttackFacts facts() const override { return facts_of(settings_); }

  void check(const Model& model) const override {
    Violations wrong;
    wrong.guard([&] { check_update(); });
    wrong.guard([&] { check_label_rule(settings_.labels, model); });
    wrong.guard(
        [&] { make_gradient_distance(settings_.objective, FlatParameters(model.layout())); });
    if (settings_.bottleneck == BottleneckNoise::kObserved)
      wrong.guard([&] { require_bottleneck(model); });
    wrong.guard([&] { check_network_priors(settings_.network_priors, settings_.labels, model); });
    wrong.throw_if_any();
  }

  std::optional<Reconstruction> run(const Model& model, const Observation& observation,
                                    const StreamKey& start, const std::string& state,
                                    const AttackMonitor& monitor) const override {
    const LocalGuess& guess = settings_.guess;
    std::optional<Observation> assumed;
    if (guess.steps > 0 || guess.batch > 0 || guess.rate > 0)
      assumed = assuming(observation, guess);
    const Observation& seen = assumed ? *assumed : observation;
    Search search(settings_, snapshots_, model, seen);
    search.begin(start);
    if (!state.empty()) search.restore(state);
    if (!search.run(monitor)) return std::nullopt;
    return search.result();
  }

 private:
  void check_update() const {
    const MatchingSettings& s = settings_;
    if (s.update == UpdateRule::kGradient) return;
    if (s.engine && s.engine != EngineKind::kExact)
      throw ConfigError(
          fmt::format("update={} is computed by double backward: attack.engine={} does not go with "
                      "it; use auto or exact",
                      word_of(s.update), word_of(*s.engine)));
    if (s.observed_error)
      throw ConfigError(fmt::format(
          "output_error=observed is the error of one step, and update={} has several; use softmax",
          word_of(s.update)));
  }

  MatchingSettings settings_;
  std::vector<int64_t> snapshots_;
};

}  // namespace

RegistryEntry<AttackFactory> matching_preset(
    std::string name, std::string summary, std::string paper,
    const std::vector<std::pair<std::string, std::string>>& parts) {
  std::vector<OptionSpec> options = matching_options().specs();
  for (const auto& [part, value] : parts) {
    const auto option =
        std::find_if(options.begin(), options.end(),
                     [&, &part = part](const OptionSpec& o) { return o.name == part; });
    if (option == options.end() || violation(*option, value))
      throw Error(ExitCode::kInternal,
                  fmt::format("preset {}: {}={} is no part of an attack", name, part, value));
    option->default_value = value;
  }
  const auto create = [](const OptionValues& own, const AttackRequest& request) {
    return std::make_unique<MatchingAttack>(read_matching_settings(own, request),
                                            request.snapshots);
  };
  return {std::move(name), std::move(summary), std::move(paper), std::move(options), create};
}

}  // namespace medpfl
