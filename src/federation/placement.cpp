#include "federation/placement.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>
#include <utility>

#include "core/random.hpp"

namespace medpfl {

std::vector<int> place_clients(const std::vector<int64_t>& shard_sizes, int ranks,
                               bool dedicated_server) {
  std::vector<size_t> order(shard_sizes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return shard_sizes[a] > shard_sizes[b]; });
  using Load = std::pair<int64_t, int>;  // images, rank
  std::priority_queue<Load, std::vector<Load>, std::greater<>> loads;
  for (int rank = dedicated_server && ranks > 1 ? 1 : 0; rank < ranks; ++rank)
    loads.push({0, rank});
  std::vector<int> placement(shard_sizes.size());
  for (const size_t client : order) {
    const auto [images, rank] = loads.top();
    loads.pop();
    placement[client] = rank;
    loads.push({images + shard_sizes[client], rank});
  }
  return placement;
}

int64_t participants_of(int64_t clients, double sampling) {
  // The tolerance keeps 0.1 * 30 from becoming 4.
  const double wanted = std::ceil(sampling * static_cast<double>(clients) - 1e-9);
  return std::clamp<int64_t>(static_cast<int64_t>(wanted), 1, clients);
}

std::vector<int64_t> sample_clients(int64_t clients, double sampling, uint64_t seed,
                                    int64_t round) {
  RandomStream random({seed, Purpose::kClientSampling, static_cast<uint64_t>(round), 0, 0});
  std::vector<int64_t> order = random.permutation(clients);
  order.resize(static_cast<size_t>(participants_of(clients, sampling)));
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace medpfl
