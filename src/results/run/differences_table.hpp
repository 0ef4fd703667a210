#pragma once
#include <string>
#include <vector>

#include "h5/file.hpp"
#include "results/run/pooled_differences.hpp"

namespace medpfl {

inline const std::string kDifferencesGroup = "/differences";

/// Writes /differences of a sweep.h5.
void write_differences(h5::File* sweep, const std::vector<PooledDifference>& rows);
/// Returns the rows of /differences.
std::vector<PooledDifference> read_differences(const h5::File& sweep);
/// Returns the differences as a table for a terminal; "" where there are none.
std::string describe_differences(const std::vector<PooledDifference>& rows);

}  // namespace medpfl
