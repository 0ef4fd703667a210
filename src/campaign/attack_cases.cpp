#include "campaign/attack_cases.hpp"

#include <ATen/ops/cat.h>

#include <algorithm>
#include <utility>

#include "core/tensor_bytes.hpp"

namespace medpfl {

void pack(const AttackCase& one, ByteWriter* out) {
  pack(one.observation, out);
  pack_tensor(one.truth.images, out);
  out->array(one.truth.labels);
  out->value(one.gradient_norm);
}

AttackCase unpack_case(const ParameterLayout& layout, ByteReader* in) {
  AttackCase one;
  one.observation = unpack_observation(layout, in);
  one.truth.images = unpack_tensor(in);
  one.truth.labels = in->array<int64_t>();
  one.gradient_norm = in->value<double>();
  return one;
}

at::Tensor AttackCases::candidates(const Observation& observation) const {
  if (observation.client != Observation::kSum) return shards_.at(observation.client);
  const std::vector<int64_t>& clients = sums_.at(observation.round);
  const int64_t each = std::max<int64_t>(1, kMaxCandidates / static_cast<int64_t>(clients.size()));
  std::vector<at::Tensor> images;
  for (const int64_t client : clients) images.push_back(shards_.at(client).slice(0, 0, each));
  return at::cat(images);
}

void AttackCases::save(ByteWriter* out) const {
  out->value(size());
  for (const AttackCase& one : cases_) pack(one, out);
  out->value(weights_.size());
  for (const auto& [round, weights] : weights_) {
    out->value(round);
    pack_flat(weights, out);
  }
  out->value(shards_.size());
  for (const auto& [client, images] : shards_) {
    out->value(client);
    pack_tensor(images, out);
  }
  out->value(sums_.size());
  for (const auto& [round, clients] : sums_) {
    out->value(round);
    out->array(clients);
  }
}

void AttackCases::restore(ByteReader* in) {
  for (auto n = in->value<int64_t>(); n > 0; --n) cases_.push_back(unpack_case(layout_, in));
  for (auto n = in->value<size_t>(); n > 0; --n) {
    const auto round = in->value<int64_t>();
    weights_[round] = unpack_flat(layout_, in);
  }
  for (auto n = in->value<size_t>(); n > 0; --n) {
    const auto client = in->value<int64_t>();
    shards_[client] = unpack_tensor(in);
  }
  for (auto n = in->value<size_t>(); n > 0; --n) {
    const auto round = in->value<int64_t>();
    sums_[round] = in->array<int64_t>();
  }
}

}  // namespace medpfl
