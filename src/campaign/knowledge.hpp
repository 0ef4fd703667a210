#pragma once
#include <string>

#include "attacks/attack_facts.hpp"
#include "attacks/observation.hpp"
#include "core/flat_parameters.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Whether an attack has to leave running statistics out because training never touched them.
/// `weights` are those the message was computed at.
bool lacks_statistics(const AttackFacts& facts, const Model& model, const FlatParameters& weights);

/// Returns the text of a task's column `knowledge` in run.h5: what the attacker was told of the
/// message, what it guessed or assumed, and what it left out. The text ends with
/// `public_knowledge`, which is known of all messages of a run.
std::string what_was_known(const AttackFacts& facts, const Observation& observation,
                           const Model& model, const FlatParameters& weights,
                           const std::string& public_knowledge);

}  // namespace medpfl
