#pragma once
#include <string>

#include "attacks/attack_facts.hpp"
#include "attacks/observation.hpp"
#include "core/flat_parameters.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Whether an attack compares running statistics that training never touched, and so leaves them
/// out. `weights`: those the message was computed at.
bool lacks_statistics(const AttackFacts& facts, const Model& model, const FlatParameters& weights);

/// Returns the words of the column `knowledge` of a task: what the attacker was told of the
/// message, what it guessed or assumed, and what it left out. `public_knowledge` ends them: what is
/// known of all messages of a run.
std::string what_was_known(const AttackFacts& facts, const Observation& observation,
                           const Model& model, const FlatParameters& weights,
                           const std::string& public_knowledge);

}  // namespace medpfl
