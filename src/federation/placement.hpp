#pragma once
#include <cstdint>
#include <vector>

namespace medpfl {

/// The rank of each hospital: largest shard first to the rank with the least images so far (longest
/// processing time first, Graham 1969). Ties go to the lower rank. With `dedicated_server` and
/// several ranks, rank 0 gets none. Decides where work is done, never what comes out.
std::vector<int> place_clients(const std::vector<int64_t>& shard_sizes, int ranks,
                               bool dedicated_server);

/// Hospitals that take part in a round: ceil(sampling * clients), one at least.
int64_t participants_of(int64_t clients, double sampling);

/// Those of round `round`, ascending, drawn without replacement.
std::vector<int64_t> sample_clients(int64_t clients, double sampling, uint64_t seed, int64_t round);

}  // namespace medpfl
