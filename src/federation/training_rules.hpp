#pragma once
#include "defenses/defense_chain.hpp"
#include "federation/settings.hpp"
#include "models/model.hpp"
#include "privacy/run_seeds.hpp"

namespace medpfl {

/// What all hospitals train by. Everything but the seeds must outlive it.
struct TrainingRules {
  const Model& model;
  const FederationSettings& settings;
  const DefenseChain& defenses;
  RunSeeds seeds;
};

}  // namespace medpfl
