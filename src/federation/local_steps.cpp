#include "federation/local_steps.hpp"

namespace medpfl {

LocalSteps::LocalSteps(const Model& model, const FederationSettings& settings,
                       const RunSeeds& seeds, const Client& client, const FlatParameters& weights,
                       const Message& message)
    : model_(model),
      settings_(settings),
      seeds_(seeds),
      client_(client),
      round_(message.round),
      message_(1 + message.probe) {
  if (settings.dp_sgd)
    examples_.emplace(model, weights);
  else
    plain_.emplace(model, weights);
}

std::vector<std::vector<int64_t>> LocalSteps::batches(int64_t epoch) const {
  if (!settings_.dp_sgd || !settings_.dp_sgd->poisson)
    return shuffled_batches(client_, settings_.batch_size, seeds_.clients, round_, epoch);
  return poisson_batches(client_, settings_.batch_size, seeds_.noise, round_, epoch);
}

double LocalSteps::gradient(const std::vector<int64_t>& images, FlatParameters* out) {
  double loss = 0;
  if (settings_.dp_sgd) {
    loss = noised(images, out);
  } else {
    const Batch taken = batch(images);
    loss = plain_->gradient(
        taken.images, taken.labels, out,
        bottleneck_noise(model_.bottleneck(), taken.images.size(0), key(Purpose::kBottleneck)));
  }
  ++step_;
  return loss;
}

Batch LocalSteps::batch(const std::vector<int64_t>& images) const {
  const auto take = [this](const std::vector<int64_t>& of) { return take_batch(client_, of); };
  if (settings_.batch_transform == nullptr) return take(images);
  RandomStream random(key(Purpose::kBatchTransform));
  const Shard shard = {client_.id, client_.size(), model_.classes(), take};
  return settings_.batch_transform->apply(shard, images, &random);
}

StreamKey LocalSteps::key(Purpose purpose) const {
  return {seeds_.noise, purpose, static_cast<uint64_t>(round_), static_cast<uint64_t>(client_.id),
          static_cast<uint64_t>(message_ << 32 | step_)};
}

double LocalSteps::noised(const std::vector<int64_t>& images, FlatParameters* out) {
  const DpSgd& dp = *settings_.dp_sgd;
  const double bound = dp.bound.at(round_, settings_.rounds);
  const double deviation = bound * dp.sigma.at(round_, settings_.rounds);
  double loss = 0;
  if (images.empty()) {
    out->fill(0);
  } else {
    const Batch taken = batch(images);
    loss = examples_->clipped_sum(taken.images, taken.labels, bound, out);
  }
  RandomStream noise(key(Purpose::kLocalNoise));
  float* values = out->data();
  for (int64_t i = 0; i < out->layout().trainable(); ++i)
    values[i] = static_cast<float>(values[i] + deviation * noise.normal());
  // A probe's images are given, an update's under Poisson sampling drawn.
  const bool drawn = dp.poisson && message_ == 0;
  out->multiply(1.0 / static_cast<double>(drawn ? batch_of(settings_.batch_size, client_.size())
                                                : static_cast<int64_t>(images.size())));
  return loss;
}

}  // namespace medpfl
