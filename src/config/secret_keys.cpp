#include "config/secret_keys.hpp"

#include <algorithm>

#include "config/catalog.hpp"
#include "config/schema.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

// Options of the sections below that change no message by themselves: where the work is done, what
// is reported of it, and where images and weights are, whose content counts instead (over_inputs).
// Those of secure aggregation key the masks nevertheless.
const std::vector<std::string> kNoMessage = {"data.path",
                                             "data.window",
                                             "data.public",
                                             "data.public_path",
                                             "data.hospitals",
                                             "model.weights",
                                             "model.weights_round",
                                             "federation.dedicated_server",
                                             "federation.evaluate_every",
                                             "federation.state_memory",
                                             "federation.secure_threshold",
                                             "federation.secure_aggregation",
                                             "defense.delta"};
// The options of [attack] that decide what is sent.
const std::vector<std::string> kOfAttack = {"attack.threat", "attack.rounds", "attack.clients",
                                            "attack.probes", "attack.probe_batch"};

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Returns the value in one notation: 0.10 and 1e-1 are one value, as are true and 1.
std::string canonical(const OptionSpec& option, const OptionValues& values) {
  const std::string& text = values.text(option.name);
  if (has(option.choices, text)) return text;
  if (option.kind == OptionSpec::Kind::kInteger) return std::to_string(values.integer(option.name));
  if (option.kind == OptionSpec::Kind::kFlag) return values.flag(option.name) ? "true" : "false";
  return option.kind == OptionSpec::Kind::kReal ? shortest(values.real(option.name)) : text;
}

}  // namespace

SecretKeys secret_keys(const Config& config) {
  std::vector<std::string> used = {"data", "model", "federation", "defense", "attack"};
  for (const ComponentFamily& family : component_families())
    for (const std::string& name : in_use(family, config))
      if (family.section != "attack") used.push_back(family.section + "." + name);
  SecretKeys keys;
  for (const Section& section : config_sections()) {
    if (!has(used, section.name)) continue;
    const OptionValues values = config.section(section.name);
    for (const OptionSpec& option : section.options) {
      const std::string name = section.name + "." + option.name;
      const std::string line = "\n" + name + "=" + canonical(option, values);
      if (section.name == "attack" ? has(kOfAttack, name) : !has(kNoMessage, name))
        keys.noise += line;
      if (name.rfind("federation.secure_", 0) == 0) keys.masks += line;
    }
  }
  keys.masks += keys.noise;
  return keys;
}

}  // namespace medpfl
