#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "data/dataset.hpp"
#include "data/partition.hpp"
#include "federation/client.hpp"
#include "federation/data_digests.hpp"

namespace medpfl {

/// Images of an evaluation block; a block is evaluated whole, by one rank, so that its bits do not
/// depend on the number of ranks.
inline constexpr int64_t kEvaluationBlock = 64;

/// The data of a federation as one rank sees it: what is known to all, and its own hospitals'
/// images.
struct FederatedData {
  std::vector<std::string> class_names;
  std::vector<int64_t> train_labels;    ///< [images]
  std::vector<int64_t> test_labels;     ///< [images]
  std::vector<int64_t> assignment;      ///< [images] hospital of each training image
  std::vector<int64_t> shard_sizes;     ///< [hospitals]
  std::vector<int> placement;           ///< rank of each hospital
  std::vector<Client> clients;          ///< those of this rank, ascending
  PixelFormat pixels;                   ///< of all images
  std::vector<at::Tensor> test_blocks;  ///< this rank's blocks: rank, rank + ranks, ...
  at::Tensor public_mean;  ///< float32 [C, H, W], mean image of the test split; on rank 0
  DataDigests digests;     ///< of the whole data set; those of images on rank 0

  int64_t classes() const { return static_cast<int64_t>(class_names.size()); }
  int64_t client_count() const { return static_cast<int64_t>(shard_sizes.size()); }
  /// This rank's hospital with this id; it must be hosted here.
  const Client& client(int64_t id) const;
};

struct FederatedDataOptions {
  int64_t limit = 0;  ///< training images used, 0: all
  int64_t clients = 4;
  PartitionOptions partition;
  bool dedicated_server = false;
};

/// Rank 0 scans the data set and tells the others names and labels; each rank reads the images of
/// its own hospitals and evaluation blocks. Collective. Throws AgreedError.
FederatedData load_federated_data(const Communicator& comm, const Dataset& dataset,
                                  const FederatedDataOptions& options);

/// The same without pixels: no hospitals, test blocks, public mean or digests. Collective. Throws
/// AgreedError.
FederatedData plan_federated_data(const Communicator& comm, const Dataset& dataset,
                                  const FederatedDataOptions& options);

}  // namespace medpfl
