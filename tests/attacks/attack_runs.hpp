#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attacks/attack.hpp"

namespace medpfl::attack_runs {

using Options = std::vector<std::pair<std::string, std::string>>;

/// The options of the attack `name` at their defaults.
inline OptionValues defaults_of(const std::string& name) {
  return OptionValues::defaults(attacks().find(name).options);
}

/// Names of the attacks that match gradients.
inline std::vector<std::string> matching_presets() {
  std::vector<std::string> names;
  for (const auto& entry : attacks().entries()) {
    const std::vector<OptionSpec>& options = entry.options;
    if (std::any_of(options.begin(), options.end(),
                    [](const OptionSpec& option) { return option.name == "optimizer"; }))
      names.push_back(entry.name);
  }
  return names;
}

/// Whether the preset compares statistics of batch normalization, which its network must have.
inline bool needs_statistics(const std::string& preset) {
  return defaults_of(preset).real("bn_statistics") > 0;
}

/// Whether the preset varies the pixels of images and nothing else.
inline bool varies_pixels_alone(const std::string& preset) {
  const OptionValues own = defaults_of(preset);
  return own.text("parametrization") == "pixels" && own.text("update") != "sme";
}

/// The preset `name` with other values of some options.
inline std::unique_ptr<Attack> make_attack(const std::string& name, const Options& set,
                                           const AttackRequest& request = {}) {
  const auto& entry = attacks().find(name);
  OptionValues own = OptionValues::defaults(entry.options);
  for (const auto& [option, value] : set) own.set(option, value);
  return entry.create(own, request);
}

inline Reconstruction run(const Attack& attack, const Model& model, const Observation& seen,
                          uint64_t restart = 0) {
  return *attack.run(model, seen, {1, Purpose::kAttackStart, 0, 0, restart}, "",
                     [](const AttackProgress&) { return AttackOrder::kGoOn; });
}

/// Stopped after every third iteration, and continued by an attack that knows only what was saved.
inline Reconstruction run_in_pieces(const std::string& name, const Options& set, const Model& model,
                                    const Observation& seen) {
  std::string state;
  std::optional<Reconstruction> result;
  for (int runs = 0; !result; ++runs) {
    if (runs == 16) throw std::runtime_error("it never ends");
    result = make_attack(name, set)->run(model, seen, {1, Purpose::kAttackStart, 0, 0, 0}, state,
                                         [&](const AttackProgress& progress) {
                                           if (progress.iteration % 3 != 0)
                                             return AttackOrder::kGoOn;
                                           state = progress.save();
                                           return AttackOrder::kAbandon;
                                         });
  }
  return *result;
}

inline void expect_same(const Reconstruction& a, const Reconstruction& b) {
  EXPECT_TRUE(a.images.equal(b.images));
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.objective, b.objective);
  EXPECT_EQ(a.matching_loss, b.matching_loss);
  EXPECT_EQ(a.evaluations, b.evaluations);
  EXPECT_EQ(a.trace, b.trace);
  EXPECT_EQ(a.terms, b.terms);
  EXPECT_EQ(a.trace_terms, b.trace_terms);
}

}  // namespace medpfl::attack_runs
