#include "attacks/observation.hpp"

#include "core/keep_flat.hpp"

namespace medpfl {

void Observation::keep(Archive& a, const ParameterLayout& layout) {
  a.version(1);
  a("round", &round);
  a("client", &client);
  a("probe", &probe);
  a("batch", &batch);
  a("steps", &steps);
  a("local_batch", &local_batch);
  a("rate", &rate);
  keep_flat(a, "weights", layout, &weights);
  keep_flat(a, "gradient", layout, &gradient);
  a("known_labels", &known_labels);
  a("public_mean", &public_mean);
}

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
