#pragma once
#include <cstdint>

#include "attacks/observation.hpp"
#include "core/flat_parameters.hpp"

namespace medpfl {

/// What the protocol says of the hospitals' local training, so that the server knows it.
struct LocalTraining {
  bool sends_gradients = false;  ///< whether messages are gradients; else changes of weights
  double learning_rate = 1;      ///< learning rate of a local step, above 0
  int64_t batch_size = 0;        ///< most images of a local step; 0: the whole shard
};

/// What the server received: one message, or, where `client` is Observation::kSum, the mean of a
/// round's updates.
struct Received {
  int64_t round = 0;
  int64_t client = 0;
  int64_t probe = -1;      ///< number of the probe; -1: an update
  int64_t examples = 0;    ///< images behind the message
  int64_t steps = 1;       ///< local steps behind the message; of a sum the most of any hospital
  FlatParameters payload;  ///< the message as it arrived: a gradient or a change of weights
};

/// Returns what an attacker who knows the protocol sees of a message. A change of weights is shown
/// as the mean gradient that would have caused it. Weights, labels and the mean public image are
/// not filled in: an attack gets those of them that it may use.
Observation observe(Received received, const LocalTraining& training);

}  // namespace medpfl
