#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "core/words.hpp"
#include "data/dataset.hpp"
#include "data/partition.hpp"
#include "federation/client.hpp"
#include "federation/data_digests.hpp"

namespace medpfl {

/// Test images of one evaluation block. One rank evaluates a whole block, so that results do not
/// depend on the number of ranks.
inline constexpr int64_t kEvaluationBlock = 64;

/// The data of a federation as one rank holds it: what all ranks know, and the images of the
/// hospitals that this rank hosts.
struct FederatedData {
  std::vector<std::string> class_names;
  std::vector<int64_t> train_labels;    ///< [images]
  std::vector<int64_t> test_labels;     ///< [images]
  std::vector<int64_t> assignment;      ///< [images] the hospital of each training image
  std::vector<int64_t> shard_sizes;     ///< [hospitals]
  std::vector<int> placement;           ///< [hospitals] the rank of each hospital
  std::vector<Client> clients;          ///< the hospitals of this rank, ascending
  PixelFormat pixels;                   ///< format of all images
  std::vector<at::Tensor> test_blocks;  ///< blocks rank, rank + ranks, ... of the test images
  at::Tensor public_mean;  ///< mean of the public images, float32 [C, H, W]; on rank 0 only
  /// Some of the public images, in the format `pixels` (gather_public_images()); on rank 0 only.
  /// Undefined where the hospitals hold the public images.
  at::Tensor public_images;
  DataDigests digests;  ///< digests of the whole data set; those of images on rank 0 only

  int64_t classes() const { return static_cast<int64_t>(class_names.size()); }
  int64_t client_count() const { return static_cast<int64_t>(shard_sizes.size()); }
  /// Returns the hospital with this id, which this rank must host.
  const Client& client(int64_t id) const;
};

struct FederationSettings;

/// Whose images the hospitals of a federation hold.
enum class Holdings {
  kPrivate,  ///< the training images
  kPublic    ///< the public images, as where an attacker plays the hospitals to rehearse
};
const Words<Holdings>& words_of(Holdings);

/// What becomes of a run where an image cannot be read.
enum class OnError {
  kStop,  ///< it ends
  kSkip   ///< the image is left out, and counted
};
const Words<OnError>& words_of(OnError);

/// Which images there are, and how they are dealt to hospitals.
struct FederatedDataOptions {
  int64_t limit = 0;  ///< most training images used; 0: all
  /// Share of the test images of each class that are public and in no evaluation; 0: all test
  /// images are public, and all are in evaluations. Does not count where the data set has public
  /// images of its own.
  double public_share = 0;
  /// Share of the training images of each class that are the test images; 0: a split of the data
  /// set has these.
  double holdout = 0;
  OnError on_error = OnError::kStop;
  Holdings holdings = Holdings::kPrivate;
  PartitionOptions partition;
};

/// Loads the data of a federation: rank 0 scans the data set and tells the other ranks names and
/// labels; each rank reads the images of its own hospitals and evaluation blocks. `federation` says
/// how many hospitals there are, and whether rank 0 hosts any. Collective. Throws AgreedError.
FederatedData load_federated_data(const Communicator& comm, const Dataset& dataset,
                                  const FederatedDataOptions& options,
                                  const FederationSettings& federation);

/// Returns what load_federated_data returns, but reads no pixels: hospitals, test blocks, public
/// mean and digests stay empty. Looks at the headers of all images. Collective.
/// Throws AgreedError.
FederatedData plan_federated_data(const Communicator& comm, const Dataset& dataset,
                                  const FederatedDataOptions& options,
                                  const FederationSettings& federation);

}  // namespace medpfl
