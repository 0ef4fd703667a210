#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "federation/client.hpp"

namespace medpfl {

/// Digests (core/digest.hpp, hexadecimal) of a data set as it was loaded: resized, with as many
/// training images as data.limit keeps. Empty: unknown.
struct DataDigests {
  std::string train_images, train_labels, test_images, test_labels;
};

/// The digest of labels and of the classes they are numbers of.
std::string digest_labels(const std::vector<int64_t>& labels,
                          const std::vector<std::string>& class_names);

/// The digest of all training images in the order of the data set, whichever rank holds which; of
/// each, 32 bytes travel to rank 0. There, "" elsewhere. Collective.
std::string digest_train_images(const Communicator& comm, const std::vector<Client>& clients,
                                int64_t images);

/// The same of the test images, of which this rank holds the `blocks` rank, rank + ranks, ...
std::string digest_test_images(const Communicator& comm, const std::vector<at::Tensor>& blocks,
                               int64_t images);

}  // namespace medpfl
