#include "attacks/observation.hpp"

#include "core/tensor_bytes.hpp"

namespace medpfl {

void pack(const Observation& o, ByteWriter* out) {
  for (const int64_t v : {o.round, o.client, o.probe, o.batch, o.steps, o.local_batch})
    out->value(v);
  out->value(o.rate);
  pack_flat(o.weights, out);
  pack_flat(o.gradient, out);
  out->array(o.known_labels);
  pack_tensor(o.public_mean, out);
}

Observation unpack_observation(const ParameterLayout& layout, ByteReader* in) {
  Observation o;
  for (int64_t* v : {&o.round, &o.client, &o.probe, &o.batch, &o.steps, &o.local_batch})
    *v = in->value<int64_t>();
  o.rate = in->value<double>();
  o.weights = unpack_flat(layout, in);
  o.gradient = unpack_flat(layout, in);
  o.known_labels = in->array<int64_t>();
  o.public_mean = unpack_tensor(in);
  return o;
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
