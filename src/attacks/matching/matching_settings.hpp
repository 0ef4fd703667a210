#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attacks/attack.hpp"
#include "attacks/distances/gradient_distance.hpp"
#include "attacks/matching/bottleneck_noise.hpp"
#include "attacks/matching/decode.hpp"
#include "attacks/matching/first_images.hpp"
#include "attacks/matching/network_priors.hpp"
#include "attacks/matching/priors.hpp"
#include "attacks/matching/variables.hpp"
#include "attacks/optimizers/adam.hpp"
#include "attacks/optimizers/lbfgs.hpp"
#include "core/option_table.hpp"

namespace medpfl {

/// What lowers the objective of a matching attack.
enum class OptimizerKind { kLbfgs, kAdam };
const Words<OptimizerKind>& words_of(OptimizerKind);

/// The parts of a gradient-matching attack, resolved. A fresh one is `dlg`, whose values are the
/// defaults of matching_options().
struct MatchingSettings {
  std::optional<EngineKind> engine;  ///< nothing: see choose_engine
  LabelRule labels = LabelRule::kJoint;
  DistanceOptions objective;
  bool observed_error = false;  ///< whether the error at the logits is the one seen in the gradient
  BottleneckNoise bottleneck = BottleneckNoise::kSample;
  FirstImages init = FirstImages::kNormal;
  OneChannel grey = OneChannel::kNo;
  bool generator = false;  ///< whether the weights of a generator are varied instead of pixels
  int64_t generator_width = 64;  ///< channels of the generator's convolutions
  std::vector<double> prior_weights =
      std::vector<double>(priors().size());  ///< weights of priors(), in their order
  NetworkPriorOptions network_priors;
  double label_fit = 0;         ///< weight of LabelFit
  double gradient_penalty = 0;  ///< weight of the squared image gradient of the distance
  UpdateRule update = UpdateRule::kGradient;
  LocalGuess guess;
  double surrogate_rate =
      4e-3;  ///< rate of the surrogate's place under update=sme, times that of the images
  double objective_scale = 1;    ///< weight of the distance of gradients
  int64_t group = 1;             ///< candidates that are optimized together
  double group_consistency = 0;  ///< weight of the candidates' distance to their mean
  OptimizerKind optimizer = OptimizerKind::kLbfgs;
  int64_t iterations = 300;
  double learning_rate = 1;  ///< of the optimizer, whichever it is
  LbfgsOptions lbfgs;
  AdamOptions adam;
  bool box = false;          ///< whether images are projected onto [0, 1] after each iteration
  int64_t median_every = 0;  ///< iterations between median filters, 0: never
  double stop_loss = 0;
  int64_t patience =
      0;              ///< iterations without a better objective after which it stops; 0: any number
  Decoding decoding;  ///< how the images that are returned are decoded
};

/// Returns the options of every gradient-matching attack, one for each part.
OptionTable<MatchingSettings> matching_options();

/// Returns the parts that values of matching_options() choose; what `request` sets takes
/// precedence.
MatchingSettings read_matching_settings(const OptionValues& own, const AttackRequest& request);

/// Returns the evaluations that an iteration of the attack takes at most, of all its candidates.
int64_t evaluations_of_iteration(const MatchingSettings& settings);

/// Returns the optimizer of n variables that `settings` choose. `noise` keys Langevin noise.
std::unique_ptr<Optimizer> make_optimizer(const MatchingSettings& settings, const StreamKey& noise,
                                          int64_t n);

}  // namespace medpfl
