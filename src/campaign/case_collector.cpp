#include "campaign/case_collector.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "campaign/attackers_view.hpp"
#include "core/archive.hpp"

namespace medpfl {
namespace {

// A message under attack, and the images among which its truth could hide.
struct Collected {
  AttackCase attacked;
  at::Tensor shard_images;
};

LocalTraining protocol(const FederationSettings& local) {
  return {local.sends_gradients, local.learning_rate, local.batch_size};
}

AttackCase make_case(const Message& message, const Client& client, const LocalTraining& training) {
  AttackCase one;
  one.observation = observe({message.round, message.client, message.probe, message.examples,
                             message.steps, message.payload},
                            training);
  const at::Tensor positions = at::tensor(message.images, at::kLong);
  one.truth.images = client.images.index_select(0, positions);
  const at::Tensor labels = client.labels.index_select(0, positions);
  one.truth.labels.assign(labels.data_ptr<int64_t>(), labels.data_ptr<int64_t>() + labels.numel());
  return one;
}

}  // namespace

void CaseCollector::on_messages(const RoundPlan& plan, const FlatParameters& global,
                                const std::vector<Message>& mine) {
  if (std::none_of(plan.attacked.begin(), plan.attacked.end(), [](bool a) { return a; })) return;
  std::vector<Collected> found;
  for (const Message& message : mine) {
    const auto at = std::lower_bound(plan.clients.begin(), plan.clients.end(), message.client);
    const auto index = static_cast<size_t>(at - plan.clients.begin());
    if (!plan.attacked[index] || !kinds_.contains(message.probe)) continue;
    const Client& client = data_.client(message.client);
    found.push_back({make_case(message, client, protocol(local_)),
                     client.images.slice(0, 0, AttackCases::kMaxCandidates)});
  }
  const auto keep = [&](Archive& a) {
    a.each("cases", &found, [&](Archive& b, Collected* one) {
      one->attacked.keep(b, global.layout());
      b("shard_images", &one->shard_images);
    });
  };
  for (const std::string& bytes : comm_.gather(Archive::write(keep))) {
    Archive::read(bytes, {"attacked messages of a rank", "all ranks must run one program"}, keep);
    for (Collected& one : found) {
      cases_->set_shard_images(one.attacked.observation.client, std::move(one.shard_images));
      of_round_.push_back(std::move(one.attacked));
    }
  }
  if (comm_.is_root()) cases_->set_weights(plan.round, global);
}

AttackCase CaseCollector::sum_of_round(const std::vector<AttackCase>& messages,
                                       const FlatParameters& mean) const {
  AttackCase sum;
  Received received;
  received.client = Observation::kSum;
  received.payload = mean;
  std::vector<at::Tensor> images;
  std::vector<int64_t> clients;
  for (const AttackCase& one : messages) {
    received.round = one.observation.round;
    received.examples += one.observation.batch;
    received.steps = std::max(received.steps, one.observation.steps);
    images.push_back(one.truth.images);
    sum.truth.labels.insert(sum.truth.labels.end(), one.truth.labels.begin(),
                            one.truth.labels.end());
    clients.push_back(one.observation.client);
  }
  sum.truth.images = at::cat(images);
  cases_->set_clients_of_sum(received.round, std::move(clients));
  sum.observation = observe(std::move(received), protocol(local_));
  return sum;
}

void CaseCollector::on_round_end(const RoundPlan&, const RoundRecord&, const FlatParameters& mean) {
  std::sort(of_round_.begin(), of_round_.end(), [](const AttackCase& a, const AttackCase& b) {
    const auto key = [](const Observation& o) {
      return std::tuple(o.probe >= 0, o.client, o.probe);
    };
    return key(a.observation) < key(b.observation);
  });
  std::vector<AttackCase> of_round = std::exchange(of_round_, {});
  if (sums_ && !of_round.empty()) of_round = {sum_of_round(of_round, mean)};
  for (AttackCase& one : of_round) cases_->add(std::move(one));
}

}  // namespace medpfl
