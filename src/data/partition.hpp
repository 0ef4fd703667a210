#pragma once
#include <cstdint>
#include <vector>

#include "core/words.hpp"

namespace medpfl {

/// Which training images each hospital holds.
struct Partition {
  /// For each hospital the positions of its images in the training split, ascending; every image is
  /// in exactly one shard.
  std::vector<std::vector<int64_t>> shards;
};

enum class PartitionKind {
  kIid,          ///< a random permutation dealt out in turn: sizes differ by one at most
  kDirichlet,    ///< per class, shares over hospitals ~ Dirichlet(alpha) (Hsu et al. 2019)
  kLabelShards,  ///< sorted by label, cut into pieces, some dealt to each (McMahan et al. 2017)
};
const Words<PartitionKind>& words_of(PartitionKind);

struct PartitionOptions {
  PartitionKind kind = PartitionKind::kIid;
  double alpha = 0.5;  ///< concentration of kDirichlet, above 0; small: few classes a hospital
  int64_t shards_per_client = 2;  ///< pieces of each hospital under kLabelShards, at least 1
  uint64_t seed = 1;
};

/// Deals the images with these `labels` (0 ... classes-1) to `clients` hospitals, at least one to
/// each; equal arguments give the same partition on every rank. Dirichlet shares are those of the
/// label-wise partition in Li et al. 2022 (NIID-Bench). Throws DataError where there are fewer
/// images than hospitals (or pieces) or a label is out of range, ConfigError where clients, alpha
/// or shards_per_client are.
Partition make_partition(const std::vector<int64_t>& labels, int64_t classes, int64_t clients,
                         const PartitionOptions& options);

}  // namespace medpfl
