#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "federation/client.hpp"

namespace medpfl {

/// Digests (core/digest.hpp, hexadecimal) of a data set as the run loaded it: resized, with as many
/// training images as data.limit keeps. An empty digest is unknown.
struct DataDigests {
  std::string train_images, train_labels, test_images, test_labels;
};

/// Returns the digest of labels and of the names of their classes.
std::string digest_labels(const std::vector<int64_t>& labels,
                          const std::vector<std::string>& class_names);

/// Returns the digest of all training images in the order of the data set, whichever rank holds
/// which, on rank 0; elsewhere "". 32 bytes for each image travel to rank 0. Collective.
std::string digest_train_images(const Communicator& comm, const std::vector<Client>& clients,
                                int64_t images);

/// Returns the digest of all test images likewise. This rank holds the `blocks` numbered rank,
/// rank + ranks, ... Collective.
std::string digest_test_images(const Communicator& comm, const std::vector<at::Tensor>& blocks,
                               int64_t images);

}  // namespace medpfl
