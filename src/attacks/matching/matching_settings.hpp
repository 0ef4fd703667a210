#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attacks/attack.hpp"
#include "attacks/distances/gradient_distance.hpp"
#include "attacks/matching/decode.hpp"
#include "attacks/matching/network_priors.hpp"
#include "attacks/optimizers/adam.hpp"
#include "attacks/optimizers/lbfgs.hpp"
#include "core/options.hpp"

namespace medpfl {

/// The parts of a gradient-matching attack, resolved.
struct MatchingSettings {
  std::string engine, output_error, init, optimizer;
  LabelRule labels = LabelRule::kJoint;
  UpdateRule update = UpdateRule::kGradient;
  LocalGuess guess;
  double surrogate_rate = 4e-3;       ///< of update=sme
  std::string bottleneck = "sample";  ///< a word of bottleneck_names()
  bool grey = false;                  ///< one channel is varied and repeated
  std::string parametrization = "pixels";
  int64_t generator_width = 1;  ///< channels of a generator's convolutions
  DistanceOptions objective;
  std::vector<double> prior_weights;  ///< in the order of priors()
  NetworkPriorOptions network_priors;
  double objective_scale = 1;    ///< weight of the distance of gradients
  int64_t group = 1;             ///< candidates that are optimized together
  double group_consistency = 0;  ///< weight of their distance to their mean
  double gradient_penalty = 0;   ///< times the square of the image gradient of the distance
  double label_fit = 0;          ///< times LabelFit
  LbfgsOptions lbfgs;
  AdamOptions adam;
  int64_t iterations = 1;
  bool box = false;          ///< images are projected onto [0, 1] after each iteration
  int64_t median_every = 0;  ///< iterations between median filters, 0: never
  Decoding decoding;         ///< of the images kept
  double stop_loss = 0;
  int64_t patience = 0;  ///< iterations without a better objective before it stops, 0: any
};

/// Options of every gradient-matching attack: one for each part, with the values of `dlg`.
std::vector<OptionSpec> matching_options();

/// The parts that these values of matching_options() choose; `request` goes first.
MatchingSettings read_matching_settings(const OptionValues& own, const AttackRequest& request);

/// The optimizer of n variables that `settings` choose. `noise` keys Langevin noise.
std::unique_ptr<Optimizer> make_optimizer(const MatchingSettings& settings, const StreamKey& noise,
                                          int64_t n);

}  // namespace medpfl
