#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/archive.hpp"
#include "core/flat_parameters.hpp"

namespace medpfl {

/// Exactly what the attacker may know of one message: the weights the server sent, the update as it
/// was received (after the hospital's defenses), and the public hyper-parameters. The truth is
/// another type that only scoring sees.
struct Observation {
  static constexpr int64_t kSum = -1;  ///< as client: the mean of all updates of the round
  int64_t round = 0;
  int64_t client = 0;
  int64_t probe = -1;      ///< -1: the update of the round
  FlatParameters weights;  ///< the global model before the round
  /// Mean gradient over the batch, as far as the update shows it; statistics' entries hold their
  /// change.
  FlatParameters gradient;
  int64_t batch = 1;        ///< images behind the message (public: the hospital states its weight)
  int64_t steps = 1;        ///< local optimizer steps (public)
  int64_t local_batch = 0;  ///< images of a local step at most, 0: all (public)
  double rate = 1;          ///< of the hospital's SGD (public)
  std::vector<int64_t> known_labels;  ///< [batch]; only under attack.labels=known, else empty
  at::Tensor public_mean;  ///< float32 [C, H, W], mean public image; only where the attack uses it

  /// Writes or reads all of it. Vectors of weights and gradient are of this layout, or empty, where
  /// the reader has them from elsewhere.
  void keep(Archive& a, const ParameterLayout& layout);
};

/// L2 norm of the gradient's parameters, as the attacker sees it.
double gradient_norm(const Observation& observation);

/// Below this norm a gradient has vanished. In float32 probabilities below 1 lie 6e-8 apart, and a
/// LeNet's gradient is some 16 to 30 times the error of its outputs: below 1e-6 the probability of
/// the true class has rounded to 1, and what is left of the gradient is in its last digits.
inline constexpr double kVanishedNorm = 1e-6;

/// What an attacker assumes of local training where the protocol does not say; 0: as it says.
struct LocalGuess {
  int64_t steps = 0, batch = 0;  ///< see Observation::steps, local_batch
  double rate = 0;
};

/// The observation of a change of weights as one sees it who assumes this.
Observation assuming(Observation observation, const LocalGuess& guess);

}  // namespace medpfl
