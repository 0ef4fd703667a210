#include "attacks/observation.hpp"

namespace medpfl {

double gradient_norm(const Observation& observation) {
  return observation.gradient.norm(observation.gradient.layout().trainable());
}

Observation assuming(Observation observation, const LocalGuess& guess) {
  Observation& o = observation;
  const double length = o.rate * static_cast<double>(o.steps);
  if (guess.steps > 0) o.steps = guess.steps;
  if (guess.batch > 0) o.local_batch = guess.batch;
  if (guess.rate > 0) o.rate = guess.rate;
  const auto factor = static_cast<float>(length / (o.rate * static_cast<double>(o.steps)));
  for (int64_t i = 0; i < o.gradient.layout().trainable(); ++i) o.gradient.data()[i] *= factor;
  return observation;
}

}  // namespace medpfl
