#pragma once
#include <cstdint>
#include <vector>

namespace medpfl {

/// Returns the rank of each hospital: in descending order of shard size, each goes to the rank with
/// the least images so far (longest processing time first, Graham 1969), of equals to the lowest.
/// With `dedicated_server` and several ranks, rank 0 gets none. The placement never changes
/// results.
std::vector<int> place_clients(const std::vector<int64_t>& shard_sizes, int ranks,
                               bool dedicated_server);

/// Returns how many hospitals take part in a round: ceil(sampling * clients), at least one.
int64_t participants_of(int64_t clients, double sampling);

/// Returns the hospitals that take part in `round`, ascending, drawn without replacement.
std::vector<int64_t> sample_clients(int64_t clients, double sampling, uint64_t seed, int64_t round);

}  // namespace medpfl
