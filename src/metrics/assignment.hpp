#pragma once
#include <cstdint>
#include <vector>

namespace medpfl {

/// Returns the column of each row in the one-to-one assignment of least total cost (Kuhn 1955,
/// Jonker & Volgenant 1987). `cost` is row-major [n, n]. Takes O(n^3) operations. Throws
/// NumericError on a cost that is not finite.
std::vector<int64_t> optimal_assignment(const std::vector<double>& cost, int64_t n);

}  // namespace medpfl
