#pragma once
#include "privacy/run_seeds.hpp"
#include "study/run_keeper.hpp"

namespace medpfl {

/// Computes the digest of the first weights, and has `keeper` record it and those of the data and
/// compare them with the checkpoint. A resumed run whose weights file is gone warns and goes on, as
/// it has its weights. Collective. Throws AgreedError.
void check_study_inputs(const RunContext& context, const FederatedData& data, RunKeeper* keeper);

/// Returns the seeds of the parties for these inputs: with other images or first weights the
/// hospitals get other noise and masks, unless defense.noise=paired asks for the same. Public
/// images do not count. Only rank 0's `inputs` count. Collective.
RunSeeds seeds_over_inputs(const RunContext& context, InputDigests inputs);

}  // namespace medpfl
