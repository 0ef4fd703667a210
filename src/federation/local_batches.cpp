#include "federation/local_batches.hpp"

#include <ATen/ops/tensor.h>

#include <algorithm>

#include "core/random.hpp"
#include "data/dataset.hpp"

namespace medpfl {

Batch take_batch(const Client& client, const std::vector<int64_t>& positions) {
  const at::Tensor index = at::tensor(positions, at::kLong);
  return {to_unit_range(client.images.index_select(0, index)),
          client.labels.index_select(0, index)};
}

namespace {

RandomStream batch_stream(const Client& client, uint64_t seed, int64_t round, int64_t epoch) {
  return RandomStream({seed, Purpose::kLocalBatches, static_cast<uint64_t>(round),
                       static_cast<uint64_t>(client.id), static_cast<uint64_t>(epoch)});
}

}  // namespace

int64_t batch_of(int64_t batch_size, int64_t shard) {
  return batch_size > 0 ? std::min(batch_size, shard) : shard;
}

int64_t batches_of(int64_t batch_size, int64_t shard) {
  const int64_t batch = batch_of(batch_size, shard);
  return shard == 0 ? 0 : (shard + batch - 1) / batch;
}

std::vector<std::vector<int64_t>> shuffled_batches(const Client& client, int64_t batch_size,
                                                   uint64_t seed, int64_t round, int64_t epoch) {
  RandomStream random = batch_stream(client, seed, round, epoch);
  const std::vector<int64_t> order = random.permutation(client.size());
  const int64_t step = batch_of(batch_size, client.size());
  std::vector<std::vector<int64_t>> batches;
  for (auto at = order.begin(); at != order.end();) {
    const auto end = at + std::min<int64_t>(step, order.end() - at);
    batches.emplace_back(at, end);
    at = end;
  }
  return batches;
}

std::vector<std::vector<int64_t>> poisson_batches(const Client& client, int64_t batch_size,
                                                  uint64_t seed, int64_t round, int64_t epoch) {
  RandomStream random = batch_stream(client, seed, round, epoch);
  const int64_t n = client.size(), size = batch_of(batch_size, n);
  std::vector<std::vector<int64_t>> batches(static_cast<size_t>(batches_of(batch_size, n)));
  for (std::vector<int64_t>& batch : batches)
    for (int64_t i = 0; i < n; ++i)
      if (random.uniform() * static_cast<double>(n) < static_cast<double>(size)) batch.push_back(i);
  return batches;
}

}  // namespace medpfl
