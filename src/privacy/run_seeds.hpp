#pragma once
#include <cstdint>
#include <string>

namespace medpfl {

/// The seeds of one run, by who knows them. Each is derived one-way from run.seed, the root that
/// the experimenter alone keeps: nobody can compute another seed or the root from one, except by
/// guessing the root.
struct RunSeeds {
  uint64_t world = 0;    ///< the experimenter's: generated images, their partition, dropout
  uint64_t server = 0;   ///< the server's: first weights, sampling, imprint block, attack starts
  uint64_t clients = 0;  ///< the hospitals': local batches, images of probes, personal budgets
  uint64_t noise = 0;    ///< the hospitals': all that hides an update
  uint64_t masks = 0;    ///< the hospitals': secrets of secure aggregation
};

/// Keys that distinguish the noise and the masks of runs with the same root and inputs: two such
/// runs have the same noise, or masks, only where this key is equal.
struct SecretKeys {
  std::string noise, masks;
};

/// Returns the seeds of a run. Each is the first 8 of 16 bytes, the lowest first, of BLAKE2b of a
/// label, under the root as key (8 bytes, the lowest first, then 24 zeros): "medpfl world",
/// "medpfl server", "medpfl hospitals", and "medpfl noise" and "medpfl masks", each followed by its
/// part of `keys`.
RunSeeds derive_seeds(uint64_t root, const SecretKeys& keys = {});

/// Returns `seeds` with new seeds of noise and masks for a run over certain images and first
/// weights. `inputs` is a text that differs where these differ. Each new seed is drawn as
/// derive_seeds draws them, with the old seed as root and the label "medpfl inputs", a line break
/// and `inputs`.
RunSeeds over_inputs(RunSeeds seeds, const std::string& inputs);

}  // namespace medpfl
