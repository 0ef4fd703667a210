#pragma once
#include <cstdint>
#include <vector>

#include "attacks/matching/matching_settings.hpp"
#include "attacks/matching/term.hpp"
#include "attacks/observation.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Returns the terms whose weight is not 0, in the order of their options, without a prior on
/// running statistics that training never touched. `labels` are those the attacker works with.
/// `model` and `observation` must outlive the terms.
std::vector<Term> make_terms(const MatchingSettings& settings, const Model& model,
                             const Observation& observation, const std::vector<int64_t>& labels);

}  // namespace medpfl
