#pragma once
#include <cstdint>

#include "comm/communicator.hpp"
#include "defenses/defense_chain.hpp"
#include "federation/algorithm.hpp"
#include "federation/federated_data.hpp"
#include "federation/malicious_server.hpp"
#include "federation/round_plan.hpp"
#include "federation/settings.hpp"
#include "models/model.hpp"
#include "privacy/run_seeds.hpp"

namespace medpfl {

/// Everything that a federation is made of. All of it must outlive the objects that use it.
struct Federation {
  const Communicator& comm;
  const Model& model;
  const FederatedData& data;
  const Algorithm& algorithm;
  const DefenseChain& defenses;
  const FederationSettings& settings;
  const AttackTargets& targets;
  RunSeeds seeds;
  const MaliciousServer* malicious_server = nullptr;  ///< null: the server follows the protocol

  /// Returns how many entries of an update go on the wire: all, without running statistics where
  /// training does not change them.
  int64_t sent() const;
  /// Returns how many images are behind the updates of a round, those that do not arrive included.
  int64_t images_behind(const RoundPlan& plan) const;
  /// Returns how many images are behind the updates of a round that arrive.
  int64_t images_that_arrive(const RoundPlan& plan) const;
};

}  // namespace medpfl
