#include "campaign/attackers_view.hpp"

#include <utility>

namespace medpfl {
namespace {

FlatParameters mean_gradient(FlatParameters payload, const LocalTraining& training, int64_t steps) {
  if (training.sends_gradients) return payload;
  FlatParameters gradient(payload.layout());
  gradient.step(payload, 1 / (training.learning_rate * static_cast<double>(steps)));
  return gradient;
}

}  // namespace

Observation observe(Received received, const LocalTraining& training) {
  Observation seen;
  seen.round = received.round;
  seen.client = received.client;
  seen.probe = received.probe;
  seen.batch = received.examples;
  seen.steps = received.steps;
  // A probe is one batch, and a sum is of hospitals whose batches differ.
  const bool one_update = received.probe < 0 && received.client != Observation::kSum;
  seen.local_batch = one_update ? training.batch_size : 0;
  seen.rate = training.learning_rate;
  seen.gradient = mean_gradient(std::move(received.payload), training, received.steps);
  return seen;
}

}  // namespace medpfl
