// From what a chain of defenses leaves in messages to options of matching attacks. Measured:
// docs/decisions/0027-adapted-by-default.md.
#include "config/adaptation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "config/attack_targets.hpp"
#include "config/framework_options.hpp"
#include "config/schema.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

using Options = std::vector<std::pair<std::string, std::string>>;

// Of total variation, in units of a distance of gradients between 0 and 1.
constexpr double kVariation = 0.1;
constexpr double kVariationOfZeros = 0.03;
constexpr double kTolerance = 3;
// What the norm of noise over that of the gradient is taken for where nothing is known of it.
constexpr double kUnknownRatio = 0.1;

// Returns the weight of total variation against noise and zeros; 0: it needs none.
double variation_against(const Traces& traces, int64_t entries) {
  const double ratio = traces.noise_ratio(entries);
  const double noise = kVariation * std::min(1.0, ratio > 0 ? ratio : kUnknownRatio);
  return std::max(traces.inexact() ? noise : 0, traces.zeros ? kVariationOfZeros : 0);
}

// What an attacker knows before any message arrives.
struct Known {
  Traces traces;
  int64_t entries;     // of a message
  bool single_images;  // whether each message that the attack is run on is of one image
  // Parameter tensors whose gradients a random layer falsifies: those around it and behind it.
  std::vector<std::string> randomized;
};

// From the encoder of the bottleneck to the head.
std::vector<std::string> around_random_layer(const Model& model) {
  std::vector<std::string> names;
  const std::vector<Layer>& layers = model.layers();
  const auto random = std::find_if(layers.begin(), layers.end(), [](const Layer& layer) {
    return layer.kind == Layer::Kind::kBottleneck;
  });
  if (random == layers.end()) return names;
  for (auto layer = random - 1; layer != layers.end(); ++layer)
    for (const int64_t tensor : {layer->weight, layer->bias})
      if (tensor >= 0) names.push_back(model.layout()[tensor].name);
  return names;
}

// The options of one attack that answer the chain.
class Answer {
 public:
  explicit Answer(const Section& attack) : attack_(attack) {}

  Options against(const Known& known) {
    const Traces& t = known.traces;
    const double variation = variation_against(t, known.entries);
    if (t.rescaled || t.random_layer || variation > 0) compare_directions();
    if (variation > 0) smooth(variation);
    if (t.zeros) set("nonzero", "true");
    if (t.random_layer) look_past_layer(known);
    decode(known);
    return std::move(options_);
  }

 private:
  // Returns the default of an option; nothing where the attack has none of this name.
  std::optional<std::string> preset(const std::string& option) const {
    for (const OptionSpec& spec : attack_.options)
      if (spec.name == option) return spec.default_value;
    return std::nullopt;
  }
  void set(const std::string& option, const std::string& value) {
    const std::optional<std::string> own = preset(option);
    if (own && *own != value) options_.emplace_back(option, value);
  }

  void compare_directions() {
    set("objective", "cosine");
    set("objective_scale", "1");
    set("stop_loss", "0");  // it is in units of another distance
    // Without one L-BFGS takes a cosine's small slope for 0.
    if (preset("optimizer") == "lbfgs") set("line_search", "strong-wolfe");
  }

  void smooth(double weight) {
    set("feature_match", "0");  // a quotient of two entries with noise on them
    set("grey", "auto");
    if (preset("parametrization") == "generator") return;
    set("tv", "0");
    set("tv_isotropic", "0");
    set("tv_colour", fmt::format("{:.3g}", weight));
  }

  void look_past_layer(const Known& known) {
    const bool exact = known.single_images && !known.traces.inexact();
    set("bottleneck", exact ? "observed" : "mean");
    set("exclude", join(known.randomized, ","));
  }

  void decode(const Known& known) {
    const Traces& t = known.traces;
    if (t.images == ChangedImages::kMixed || t.images == ChangedImages::kMirrored) {
      set("decode", t.images == ChangedImages::kMixed ? "unmix" : "signs");
      set("decode_weight", fmt::format("{:.2f}", t.own_weight));
      set("labels", "joint");
      set("feature_match", "0");  // needs labels that are none of these
    } else if (t.images == ChangedImages::kMoved) {
      set("decode", "register");
      set("decode_shift", shortest(std::min(1.0, t.shift)));
      set("decode_angle", shortest(std::min(180.0, t.angle)));
    }
  }

  const Section& attack_;
  Options options_;
};

bool is_set(const Config& config, const std::string& option) {
  const auto entry = config.entries().find(option);
  return entry != config.entries().end() && entry->second.source != kDefault;
}

// Options that are one choice: whoever set one of them is not overruled in another.
const std::vector<std::vector<std::string>> kChoices = {
    {"tv", "tv_isotropic", "tv_colour", "noise_scale"}, {"labels", "label_fit", "feature_match"}};

bool chosen(const Config& config, const std::string& attack, const std::string& option) {
  if (is_set(config, attack + "." + option)) return true;
  if (option == "labels" && is_set(config, "attack.labels")) return true;
  for (const std::vector<std::string>& choice : kChoices)
    if (std::find(choice.begin(), choice.end(), option) != choice.end() &&
        std::any_of(choice.begin(), choice.end(),
                    [&](const std::string& o) { return is_set(config, attack + "." + o); }))
      return true;
  return false;
}

void apply(const std::string& attack, const Options& options, Config* config) {
  const Config before = *config;
  for (const auto& [option, value] : options)
    if (!chosen(before, attack, option)) config->assign(attack + "." + option, value, kAdaptation);
}

}  // namespace

void adapt_attacks(Config* config) {
  std::vector<std::string> before;
  for (const auto& [option, entry] : config->entries())
    if (entry.source == kAdaptation) before.push_back(option);
  for (const std::string& option : before) config->unset(option);
  if (!config->violations().empty()) return;
  Settings s = read_framework_options(*config);
  if (!s.written.adapt || s.written.chain.empty()) return;
  Violations wrong;
  s.defenses = make_defenses(*config, s.written.chain, &wrong);
  if (wrong.any()) return;
  try {
    const Model model = make_model(*config, s, std::max<int64_t>(2, s.classes));
    const Known of_all = {s.defenses.traces(), model.layout().trainable(), false,
                          around_random_layer(model)};
    std::map<std::string, Known> known;  // by the section of the attack
    for (const std::string& method : s.written.methods) {
      const std::string section = "attack." + method;
      const auto attack = attacks().find(method).create(config->section(section), s.attack_request);
      Known& own = known.emplace(section, of_all).first->second;
      own.single_images = reads_single_images(s, method, attack->facts());
    }
    for (const Section& section : config_sections())
      if (const auto found = known.find(section.name); found != known.end())
        apply(section.name, Answer(section).against(found->second), config);
  } catch (const ConfigError&) {
    return;  // make_settings says what is wrong
  }
}

std::string adapted_options(const Config& config, const std::string& method) {
  std::vector<std::string> words;
  const std::string section = "attack." + method + ".";
  for (const auto& [option, entry] : config.entries())
    if (entry.source == kAdaptation && option.rfind(section, 0) == 0)
      words.push_back(option.substr(section.size()) + "=" + entry.value);
  return join(words, ", ");
}

bool answers(const Countermeasures& c, const Traces& traces, int64_t entries) {
  if (!unanswered(traces).empty()) return false;
  if (traces.rescaled && !c.any_length) return false;
  if (traces.zeros && !c.skips_zeros) return false;
  if (traces.random_layer && !c.knows_layer) return false;
  if (traces.images == ChangedImages::kMoved && !c.registers) return false;
  const double weight = variation_against(traces, entries);
  if (weight == 0 || c.generator || (c.knows_noise && !traces.zeros)) return true;
  if (!traces.zeros && traces.noise_ratio(entries) == 0) return c.variation > 0;
  return c.variation >= weight / kTolerance && c.variation <= weight * kTolerance;
}

}  // namespace medpfl
