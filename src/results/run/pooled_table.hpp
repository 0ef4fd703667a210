#pragma once
#include <string>
#include <vector>

#include "h5/file.hpp"
#include "results/run/pooled_shares.hpp"

namespace medpfl {

/// Writes /pooled of a sweep.h5.
void write_pooled(h5::File* sweep, const std::vector<PooledShare>& shares);

/// Returns the shares of /pooled; of an index without it, such as that of an earlier version or of
/// a sweep at work, what pool_networks() finds in the runs. Throws FormatError as that does.
std::vector<PooledShare> pooled_shares(const h5::File& sweep);

/// Returns the shares as a table for a terminal; "" where there are none. Where an epsilon is
/// claimed, what it covers and the bounds on identification stand beside it.
std::string describe_pooled(const std::vector<PooledShare>& shares);

}  // namespace medpfl
