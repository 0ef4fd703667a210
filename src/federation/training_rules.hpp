#pragma once
#include "defenses/defense_chain.hpp"
#include "federation/settings.hpp"
#include "models/model.hpp"
#include "privacy/run_seeds.hpp"

namespace medpfl {

/// The rules by which all hospitals train. All that is referred to must outlive this struct.
struct TrainingRules {
  const Model& model;
  const FederationSettings& settings;
  const DefenseChain& defenses;
  RunSeeds seeds;
};

}  // namespace medpfl
