#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/archive.hpp"
#include "core/flat_parameters.hpp"

namespace medpfl {

/// Exactly what the attacker may know of one message: the weights the server sent, the update as
/// the server received it (after the hospital's defenses), and the public hyper-parameters. The
/// true images are in Truth, which only scoring sees.
struct Observation {
  static constexpr int64_t kSum = -1;  ///< value of `client` for the mean of all updates of a round
  int64_t round = 0;                   ///< from 0
  int64_t client = 0;                  ///< the hospital, from 0, or kSum
  int64_t probe = -1;                  ///< number of the probe, from 0; -1: the round's update
  FlatParameters weights;              ///< the global model before the round
  /// The mean gradient over the batch, as far as the update shows it. The entries of running
  /// statistics hold the change of those statistics.
  FlatParameters gradient;
  int64_t batch = 1;        ///< images behind the message (public: the hospital states the number)
  int64_t steps = 1;        ///< local optimizer steps (public)
  int64_t local_batch = 0;  ///< most images of a local step; 0: all (public)
  double rate = 1;          ///< learning rate of the hospital's SGD (public)
  std::vector<int64_t> known_labels;  ///< [batch]; empty unless attack.labels = known
  at::Tensor public_mean;  ///< float32 [C, H, W], mean public image; undefined if not used

  /// Writes or reads the observation. The vectors of weights and gradient have this layout, or are
  /// empty where the reader has them from elsewhere.
  void keep(Archive& a, const ParameterLayout& layout);
};

/// Returns the L2 norm of the observed gradient over the network's parameters, without running
/// statistics.
double gradient_norm(const Observation& observation);

/// The norm below which a gradient has vanished. In float32 probabilities below 1 lie 6e-8 apart,
/// and a LeNet's gradient is some 16 to 30 times the error of its outputs: below 1e-6 the
/// probability of the true class has rounded to 1, and what is left of the gradient is in its last
/// digits.
inline constexpr double kVanishedNorm = 1e-6;

/// What an attacker assumes of local training instead of what the protocol says; 0: what the
/// protocol says.
struct LocalGuess {
  int64_t steps = 0, batch = 0;  ///< see Observation::steps, local_batch
  double rate = 0;               ///< see Observation::rate
};

/// Returns the observation of a change of weights as an attacker sees it who makes this guess about
/// local training.
Observation assuming(Observation observation, const LocalGuess& guess);

}  // namespace medpfl
