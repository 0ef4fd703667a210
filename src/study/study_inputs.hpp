#pragma once
#include "privacy/run_seeds.hpp"
#include "study/run_keeper.hpp"

namespace medpfl {

/// Has `keeper` check the digests of the data and of the first weights, and record them. A resumed
/// run whose file of weights is gone is warned and goes on, as it has its weights. Collective.
/// Throws AgreedError.
void check_study_inputs(const RunContext& context, const FederatedData& data, RunKeeper* keeper);

/// Returns the seeds of the parties: over other images or first weights the hospitals have other
/// noise and masks, unless defense.noise=paired asks for the same. `inputs`: as rank 0 recorded
/// them. Collective.
RunSeeds seeds_over_inputs(const RunContext& context, const InputDigests& inputs);

}  // namespace medpfl
