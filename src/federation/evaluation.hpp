#pragma once
#include "comm/communicator.hpp"
#include "core/flat_parameters.hpp"
#include "federation/federated_data.hpp"
#include "metrics/classification.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Returns the utility of the global model on the test split, on rank 0; elsewhere zero. The bits
/// are the same for any number of ranks. Collective.
Utility evaluate_global(const Communicator& comm, const Model& model, const FlatParameters& weights,
                        const FederatedData& data);

}  // namespace medpfl
