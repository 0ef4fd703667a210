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
  std::string public_images = {};  ///< of those of data.public_path; "": there are none
};

/// Returns the digest of labels and of the names of their classes.
std::string digest_labels(const std::vector<int64_t>& labels,
                          const std::vector<std::string>& class_names);

/// Returns the digests of all training images (Digest::kBytes each) in the order of the data set,
/// whichever rank holds which, on rank 0; elsewhere "". Collective.
std::string gather_train_digests(const Communicator& comm, const std::vector<Client>& clients,
                                 int64_t images);

/// Returns the digests of images that the ranks hold in blocks, likewise. This rank holds the
/// `blocks` numbered rank, rank + ranks, ... Collective.
std::string gather_block_digests(const Communicator& comm, const std::vector<at::Tensor>& blocks,
                                 int64_t images);

/// Returns the digest of all images by their `digests`; "" for none.
std::string digest_images(const std::string& digests);

/// Returns how many of the images with the first digests are among those with the others.
int64_t count_shared(const std::string& digests, const std::string& others);

/// Returns how many of the images with these digests are also there with another label; `labels`
/// has one for each image.
int64_t count_contradicting(const std::string& digests, const std::vector<int64_t>& labels);

}  // namespace medpfl
