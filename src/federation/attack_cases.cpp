#include "federation/attack_cases.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/bytes.hpp"

namespace medpfl {
namespace {

void pack_images(const at::Tensor& images, ByteWriter* out) {
  const at::Tensor data = images.contiguous();
  out->array(data.sizes().vec());
  out->array(data.data_ptr<uint8_t>(), data.numel());
}

at::Tensor unpack_images(ByteReader* in) {
  at::Tensor images = at::empty(in->array<int64_t>(), at::kByte);
  in->array_into(images.data_ptr<uint8_t>(), images.numel());
  return images;
}

// A change of weights becomes the mean gradient that would have caused it.
void pack_observation(const Message& message, double learning_rate, ByteWriter* out) {
  out->value(message.round);
  out->value(message.client);
  out->value(message.probe);
  out->value(message.examples);
  out->value(message.steps);
  FlatParameters gradient = message.payload;
  if (!message.is_gradient)
    gradient.multiply(-1 / (learning_rate * static_cast<double>(message.steps)));
  out->array(gradient.data(), gradient.size());
}

Observation unpack_observation(const ParameterLayout& layout, ByteReader* in) {
  Observation o;
  o.round = in->value<int64_t>();
  o.client = in->value<int64_t>();
  o.probe = in->value<int64_t>();
  o.batch = in->value<int64_t>();
  o.steps = in->value<int64_t>();
  o.gradient = FlatParameters(layout);
  in->array_into(o.gradient.data(), o.gradient.size());
  return o;
}

}  // namespace

void AttackCases::on_messages(const RoundPlan& plan, const FlatParameters& global,
                              const std::vector<Message>& mine) {
  if (std::none_of(plan.attacked.begin(), plan.attacked.end(), [](bool a) { return a; })) return;
  ByteWriter out;
  for (const Message& message : mine) {
    const auto at = std::lower_bound(plan.hospitals.begin(), plan.hospitals.end(), message.client);
    const auto index = static_cast<size_t>(at - plan.hospitals.begin());
    // With probes the update itself is not attacked.
    if (!plan.attacked[index] || (plan.probes[index] > 0 && message.probe < 0)) continue;
    const Hospital& hospital = data_.hospital(message.client);
    const at::Tensor positions = at::tensor(message.images, at::kLong);
    const at::Tensor labels = hospital.labels.index_select(0, positions);
    pack_observation(message, learning_rate_, &out);
    pack_images(hospital.images.index_select(0, positions), &out);
    out.array(labels.data_ptr<int64_t>(), labels.numel());
    pack_images(hospital.images.slice(0, 0, kMaxCandidates), &out);
  }
  for (const std::string& bytes : comm_.gather(out.take())) {
    ByteReader in(bytes);
    while (!in.done()) {
      AttackCase one;
      one.observation = unpack_observation(global.layout(), &in);
      one.truth.images = unpack_images(&in);
      one.truth.labels = in.array<int64_t>();
      shards_[one.observation.client] = unpack_images(&in);
      cases_.push_back(std::move(one));
    }
  }
  if (comm_.is_root()) weights_.emplace(plan.round, global);
}

void AttackCases::on_round_end(const RoundPlan&, const RoundRecord&, const FlatParameters&) {
  std::sort(cases_.begin(), cases_.end(), [](const AttackCase& a, const AttackCase& b) {
    const auto key = [](const Observation& o) { return std::tuple(o.round, o.client, o.probe); };
    return key(a.observation) < key(b.observation);
  });
}

std::vector<AttackCase> AttackCases::take() { return std::exchange(cases_, {}); }

}  // namespace medpfl
