#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "data/dataset.hpp"
#include "federation/image_sources.hpp"

namespace medpfl {

/// A fault of an image of a federation.
struct GroupFault {
  size_t group = 0;  ///< 0: a training image, 1: a test image, 2: a public image
  ImageFault fault;
};

/// Looks at all images, each on one rank, and returns the faults on all ranks, in the order of the
/// images. Public images that are test images, too, count once. Collective. Throws AgreedError.
std::vector<GroupFault> find_all_faults(const Communicator& comm, const Dataset& dataset,
                                        const ImageSources& sources, Look look);

/// Returns how many images are at fault, and the first ten, one a line.
std::string list_faults(const std::vector<GroupFault>& faults, const ImageSources& sources);

/// Returns how many images are left out for which reasons.
std::string remark_on_skipped(const std::vector<GroupFault>& faults, const ImageSources& sources);

}  // namespace medpfl
