#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "attacks/attack_facts.hpp"
#include "core/flat_parameters.hpp"
#include "models/model.hpp"

namespace medpfl {

/// What a user should know of an attack. A run prints one warning of each topic.
struct AttackWarning {
  std::string topic, text;
};

/// Returns what is doubtful about an attack before it is run on a message of `round`, computed at
/// `weights`: statistics that it has to leave out, and labels that its rule may get wrong.
std::vector<AttackWarning> warnings_before(const std::string& method, const AttackFacts& facts,
                                           const Model& model, int64_t round,
                                           const FlatParameters& weights);

/// Returns what is doubtful about a result with this status, a word of kStatusWords: that an attack
/// came back with its start.
std::vector<AttackWarning> warnings_after(const std::string& method, int64_t round,
                                          const std::string& status);

}  // namespace medpfl
