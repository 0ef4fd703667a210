#pragma once
#include <cstdint>

#include "config/settings.hpp"
#include "federation/federated_data.hpp"
#include "models/model.hpp"
#include "study/run_counts.hpp"

namespace medpfl {

// The sizes that estimates of memory and of files have in common.

inline constexpr auto kFloatBytes = static_cast<int64_t>(sizeof(float));

/// Returns the bytes of one vector of the network's parameters.
int64_t vector_bytes(const Model& model);

/// Returns the bytes of one private image as it is kept.
int64_t image_bytes(const FederatedData& data, const Model& model);

/// Returns the bytes of all that the attacks of a run reconstruct, snapshots included.
int64_t reconstruction_bytes(const Settings& settings, const Model& model, const RunCounts& counts);

/// Returns the most images of a hospital that rank 0 keeps to look for truths among.
int64_t kept_shard(const FederatedData& data);

/// Returns the most local steps behind an update that a hospital of this data sends.
int64_t most_local_steps(const Settings& settings, const FederatedData& data);

/// Returns the most vectors of earlier steps that the optimizer of any attack keeps, each as long
/// as the images that it varies.
int64_t attack_history(const AttackPlan& plan);

}  // namespace medpfl
