#pragma once
#include <string>
#include <vector>

#include "h5/file.hpp"
#include "results/run/pooled_shares.hpp"

namespace medpfl {

inline const std::string kPooledGroup = "/pooled";

/// Writes /pooled of a sweep.h5.
void write_pooled(h5::File* sweep, const std::vector<PooledShare>& shares);

/// Returns the rows of /pooled.
std::vector<PooledShare> read_pooled(const h5::File& sweep);

/// Returns the shares as a table for a terminal; "" where there are none. Where an epsilon is
/// claimed, what it covers and the bounds on identification stand beside it.
std::string describe_pooled(const std::vector<PooledShare>& shares);

}  // namespace medpfl
