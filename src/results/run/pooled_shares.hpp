#pragma once
#include <string>
#include <vector>

#include "h5/file.hpp"
#include "metrics/share.hpp"

namespace medpfl {

/// What one attack identified at the points of a sweep that differ in run.seed alone: each seed is
/// another network.
struct PooledShare {
  std::string setting;       ///< options of the grid besides run.seed, as "defense.chain=clip, ..."
  std::string method, kind;  ///< of /attacks/summary
  Share share;
};

/// Returns the shares of all complete points of a sweep, in the order of the points, then by
/// attack. Images are known again under another network by their pixels. Points of files before
/// schema 1.3, which judge no images, are left out. Throws FormatError on a run that cannot be
/// read.
std::vector<PooledShare> pool_networks(const h5::File& sweep);

/// Returns the shares as a table for a terminal; "" where there are none.
std::string describe_pooled(const std::vector<PooledShare>& shares);

}  // namespace medpfl
