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

namespace medpfl {
namespace {

class MatchingAttack final : public Attack {
 public:
  MatchingAttack(MatchingSettings settings, std::vector<int64_t> snapshots)
      : settings_(std::move(settings)), snapshots_(std::move(snapshots)) {}

  std::string label_rule() const override { return settings_.labels; }

  std::string single_image_option() const override {
    if (settings_.output_error == "observed") return "output_error=observed";
    if (settings_.bottleneck == "observed") return "bottleneck=observed";
    return settings_.labels == "idlg" ? "labels=idlg" : "";
  }

  int64_t iterations() const override { return settings_.iterations; }

  bool uses_public_mean() const override {
    return settings_.init == "surrogate" || settings_.decoding.any();
  }

  std::string decoding() const override {
    return settings_.decoding.any() ? settings_.decoding.describe() : "";
  }

  std::string assumptions() const override {
    const ViewOptions& view = settings_.objective.view;
    std::vector<std::string> told;
    if (!view.exclude.empty()) told.push_back("exclude " + join(view.exclude, ","));
    if (view.nonzero) told.emplace_back("nonzero");
    if (view.noise > 0) told.push_back("noise_scale " + shortest(view.noise));
    if (settings_.bottleneck != "sample") told.push_back("bottleneck " + settings_.bottleneck);
    return join(told, ", ");
  }

  std::string batch_statistics() const override {
    const NetworkPriorOptions& priors = settings_.network_priors;
    return priors.bn_statistics > 0 ? priors.bn_target : "";
  }

  std::string update() const override { return settings_.update; }

  LocalGuess guess() const override { return settings_.guess; }

  void check(const Model& model) const override {
    check_update();
    check_label_rule(settings_.labels, model);
    make_gradient_distance(settings_.objective, FlatParameters(model.layout()));
    if (settings_.bottleneck == "observed") require_bottleneck(model);
    check_network_priors(settings_.network_priors, settings_.labels, model);
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
    if (s.update == "gradient") return;
    if (s.engine != "auto" && s.engine != "exact")
      throw ConfigError(
          fmt::format("update={} is computed by double backward: attack.engine={} does not go with "
                      "it; use auto "
                      "or exact",
                      s.update, s.engine));
    if (s.output_error == "observed")
      throw ConfigError(fmt::format(
          "output_error=observed is the error of one step, and update={} has several; use softmax",
          s.update));
  }

  MatchingSettings settings_;
  std::vector<int64_t> snapshots_;
};

}  // namespace

RegistryEntry<AttackFactory> matching_preset(
    std::string name, std::string summary, std::string paper,
    const std::vector<std::pair<std::string, std::string>>& parts) {
  std::vector<OptionSpec> options = matching_options();
  for (const auto& [part, value] : parts) {
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&](const OptionSpec& o) { return o.name == part; });
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
