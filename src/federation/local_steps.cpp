#include "federation/local_steps.hpp"

#include "models/differentiator.hpp"

namespace medpfl {
namespace {

// Of the mean loss.
class PlainGradient final : public StepGradient {
 public:
  PlainGradient(const Model& model, const FlatParameters& weights)
      : model_(model), differentiator_(model, weights) {}

  double compute(const LocalStep& step, FlatParameters* out) override {
    StreamKey key = step.key;
    key.purpose = Purpose::kBottleneck;
    return differentiator_.gradient(
        step.batch.images, step.batch.labels, out,
        bottleneck_noise(model_.bottleneck(), step.batch.images.size(0), key));
  }

 private:
  const Model& model_;
  Differentiator differentiator_;
};

Sampling sampling_of(const TrainingRules& how) {
  const StepHook* hook = how.defenses.step();
  return hook == nullptr ? Sampling::kShuffled : hook->sampling();
}

}  // namespace

LocalSteps::LocalSteps(const TrainingRules& how, const Client& client,
                       const FlatParameters& weights, const Message& message)
    : how_(how), client_(client), round_(message.round), message_(1 + message.probe) {
  if (const StepHook* hook = how.defenses.step())
    gradient_ = hook->start(how.model, weights);
  else
    gradient_ = std::make_unique<PlainGradient>(how.model, weights);
}

std::vector<std::vector<int64_t>> LocalSteps::batches(int64_t epoch) const {
  const int64_t size = how_.settings.batch_size;
  if (sampling_of(how_) == Sampling::kPoisson)
    return poisson_batches(client_, size, how_.seeds.noise, round_, epoch);
  return shuffled_batches(client_, size, how_.seeds.clients, round_, epoch);
}

double LocalSteps::gradient(const std::vector<int64_t>& images, FlatParameters* out) {
  LocalStep step;
  step.images = static_cast<int64_t>(images.size());
  if (step.images > 0) step.batch = batch(images);
  // A probe's images are given, an update's under Poisson sampling drawn.
  const bool drawn = sampling_of(how_) == Sampling::kPoisson && message_ == 0;
  step.divisor = drawn ? batch_of(how_.settings.batch_size, client_.size()) : step.images;
  step.round = round_;
  step.rounds = how_.settings.rounds;
  step.key = key(Purpose::kLocalNoise);
  const double loss = gradient_->compute(step, out);
  ++step_;
  return loss;
}

Batch LocalSteps::batch(const std::vector<int64_t>& images) const {
  const auto take = [this](const std::vector<int64_t>& of) { return take_batch(client_, of); };
  const BatchHook* hook = how_.defenses.batch();
  if (hook == nullptr) return take(images);
  RandomStream random(key(Purpose::kBatchTransform));
  return hook->apply({client_.id, client_.size(), how_.model.classes(), take}, images, &random);
}

StreamKey LocalSteps::key(Purpose purpose) const {
  return {how_.seeds.noise, purpose, static_cast<uint64_t>(round_),
          static_cast<uint64_t>(client_.id), static_cast<uint64_t>(message_ << 32 | step_)};
}

}  // namespace medpfl
