#pragma once
#include <cstdint>
#include <vector>

namespace medpfl {

/// The assignment of rows to columns of least total cost (Kuhn 1955, Jonker & Volgenant 1987).
/// `cost` is row-major [n, n]. Returns the column of each row; one-to-one. O(n^3). Throws
/// NumericError on a cost that is not finite.
std::vector<int64_t> optimal_assignment(const std::vector<double>& cost, int64_t n);

}  // namespace medpfl
