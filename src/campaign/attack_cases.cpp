#include "campaign/attack_cases.hpp"

#include <ATen/ops/cat.h>

#include <algorithm>
#include <utility>

#include "core/tensor_bytes.hpp"

namespace medpfl {
namespace {

void pack_flat(const FlatParameters& parameters, ByteWriter* out) {
  out->array(parameters.data(), parameters.size());
}

// A vector that was released stays empty.
FlatParameters unpack_flat(const ParameterLayout& layout, ByteReader* in) {
  const std::vector<float> values = in->array<float>();
  if (values.empty()) return {};
  FlatParameters out(layout);
  if (static_cast<int64_t>(values.size()) != out.size())
    throw Error(ExitCode::kInternal, "a vector is not of the model's length");
  std::copy(values.begin(), values.end(), out.data());
  return out;
}

}  // namespace

FlatParameters seen_gradient(FlatParameters payload, bool is_gradient, double learning_rate,
                             int64_t steps) {
  if (is_gradient) return payload;
  FlatParameters seen(payload.layout());
  seen.step(payload, 1 / (learning_rate * static_cast<double>(steps)));
  return seen;
}

void pack_public(const Observation& o, ByteWriter* out) {
  for (const int64_t v : {o.round, o.client, o.probe, o.batch, o.steps, o.local_batch})
    out->value(v);
  out->value(o.rate);
}

void unpack_public(ByteReader* in, Observation* o) {
  for (int64_t* v : {&o->round, &o->client, &o->probe, &o->batch, &o->steps, &o->local_batch})
    *v = in->value<int64_t>();
  o->rate = in->value<double>();
}

void pack(const AttackCase& one, ByteWriter* out) {
  const Observation& o = one.observation;
  pack_public(o, out);
  pack_flat(o.gradient, out);
  pack_tensor(one.truth.images, out);
  out->array(one.truth.labels);
  out->value(one.gradient_norm);
}

AttackCase unpack_case(const ParameterLayout& layout, ByteReader* in) {
  AttackCase one;
  Observation& o = one.observation;
  unpack_public(in, &o);
  o.gradient = unpack_flat(layout, in);
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
