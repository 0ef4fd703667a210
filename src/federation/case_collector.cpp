#include "federation/case_collector.hpp"

#include <ATen/ops/tensor.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/tensor_bytes.hpp"

namespace medpfl {
namespace {

AttackCase make_case(const Message& message, const Hospital& hospital, double learning_rate) {
  AttackCase one;
  one.observation.round = message.round;
  one.observation.client = message.client;
  one.observation.probe = message.probe;
  one.observation.batch = message.examples;
  one.observation.steps = message.steps;
  one.observation.gradient =
      seen_gradient(message.payload, message.is_gradient, learning_rate, message.steps);
  const at::Tensor positions = at::tensor(message.images, at::kLong);
  one.truth.images = hospital.images.index_select(0, positions);
  const at::Tensor labels = hospital.labels.index_select(0, positions);
  one.truth.labels.assign(labels.data_ptr<int64_t>(), labels.data_ptr<int64_t>() + labels.numel());
  return one;
}

}  // namespace

void CaseCollector::on_messages(const RoundPlan& plan, const FlatParameters& global,
                                const std::vector<Message>& mine) {
  if (std::none_of(plan.attacked.begin(), plan.attacked.end(), [](bool a) { return a; })) return;
  ByteWriter out;
  for (const Message& message : mine) {
    const auto at = std::lower_bound(plan.hospitals.begin(), plan.hospitals.end(), message.client);
    const auto index = static_cast<size_t>(at - plan.hospitals.begin());
    // With probes the update itself is not attacked.
    if (!plan.attacked[index] || (plan.probes[index] > 0 && message.probe < 0)) continue;
    const Hospital& hospital = data_.hospital(message.client);
    pack(make_case(message, hospital, learning_rate_), &out);
    pack_tensor(hospital.images.slice(0, 0, AttackCases::kMaxCandidates), &out);
  }
  for (const std::string& bytes : comm_.gather(out.take())) {
    ByteReader in(bytes);
    while (!in.done()) {
      of_round_.push_back(unpack_case(global.layout(), &in));
      cases_->set_shard_images(of_round_.back().observation.client, unpack_tensor(&in));
    }
  }
  if (comm_.is_root()) cases_->set_weights(plan.round, global);
}

void CaseCollector::on_round_end(const RoundPlan&, const RoundRecord&, const FlatParameters&) {
  std::sort(of_round_.begin(), of_round_.end(), [](const AttackCase& a, const AttackCase& b) {
    const auto key = [](const Observation& o) { return std::tuple(o.client, o.probe); };
    return key(a.observation) < key(b.observation);
  });
  for (AttackCase& one : std::exchange(of_round_, {})) cases_->add(std::move(one));
}

}  // namespace medpfl
