#pragma once
#include <cstdint>
#include <vector>

#include "defenses/batch_hook.hpp"
#include "federation/client.hpp"

namespace medpfl {

/// Returns the images at these positions of the shard, with int64 labels.
Batch take_batch(const Client& client, const std::vector<int64_t>& positions);

/// Returns how many images a local step takes: `batch_size` (0: all), at most the shard's.
int64_t batch_of(int64_t batch_size, int64_t shard);
/// Returns how many batches an epoch has.
int64_t batches_of(int64_t batch_size, int64_t shard);

/// Returns the positions of a shard in random order, cut into batches of `batch_size` (0: one
/// batch; the last may be smaller). The order depends on seed, round, hospital and epoch alone.
std::vector<std::vector<int64_t>> shuffled_batches(const Client& client, int64_t batch_size,
                                                   uint64_t seed, int64_t round, int64_t epoch);

/// Returns as many batches as shuffled_batches. Each batch independently contains each of the N
/// images with probability batch_of(batch_size, N) / N, in ascending order; it may be empty.
std::vector<std::vector<int64_t>> poisson_batches(const Client& client, int64_t batch_size,
                                                  uint64_t seed, int64_t round, int64_t epoch);

}  // namespace medpfl
