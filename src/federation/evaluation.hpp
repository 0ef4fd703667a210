#pragma once
#include "comm/communicator.hpp"
#include "core/flat_parameters.hpp"
#include "federation/federated_data.hpp"
#include "metrics/classification.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Utility of the global model on the test split, on rank 0 (elsewhere zero). Collective; the same
/// bits for any number of ranks.
Utility evaluate_global(const Communicator& comm, const Model& model, const FlatParameters& weights,
                        const FederatedData& data);

}  // namespace medpfl
