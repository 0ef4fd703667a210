#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "attacks/labels.hpp"
#include "attacks/observation.hpp"
#include "core/words.hpp"

namespace medpfl {

/// How an attack matches an update of several local steps.
enum class UpdateRule {
  kGradient,  ///< as if the update were one gradient
  kUnroll,    ///< by simulating the hospital's steps (Geiping et al. 2020, arXiv 2003.14053)
  kSme,  ///< by the gradient at weights between those before and after (Zhu, Yao, Blaschko 2023,
         ///< arXiv 2306.00127)
};
const Words<UpdateRule>& words_of(UpdateRule);

/// Whose statistics of batch normalization an attack compares.
enum class StatisticsSource {
  kRunning,  ///< the running statistics that the server sent
  kUpdate,   ///< the batch's statistics, computed from the message's change of the running ones
};
const Words<StatisticsSource>& words_of(StatisticsSource);

/// The option, with its value, that confines an attack to messages of one image.
struct SingleImage {
  std::string option, value;  ///< for example "output_error" and "observed"
  std::string instead;        ///< values for batches of any size, such as "known or joint"
  /// Whether it computes with single entries of the message, which noise falsifies.
  bool exact = false;
};

/// What the options of an attack do about defenses, whatever the chain. A fresh value is that of an
/// attack that knows of none.
struct Countermeasures {
  bool any_length = false;  ///< whether the length of a message does not matter to it
  /// Weight of total variation, where the distance of gradients lies between 0 and 1 or 2; else 0.
  double variation = 0;
  bool knows_noise = false;  ///< whether it was told the standard deviation of the noise
  bool generator = false;    ///< whether only images of a generator can come out
  bool skips_zeros = false;  ///< whether entries of the message that are zero do not count
  /// Whether the noise of a random layer is left out or solved for, and tensors are left out.
  bool knows_layer = false;
  bool registers = false;  ///< whether it undoes translations and rotations
};

/// What describes an attack with its options. The campaign, the checks of a configuration and the
/// results ask for nothing else.
struct AttackFacts {
  LabelRule labels = LabelRule::kKnown;
  UpdateRule update = UpdateRule::kGradient;
  LocalGuess guess;                         ///< what the attack assumes of local training
  std::optional<SingleImage> single_image;  ///< none: the attack takes batches of any size
  bool public_mean = false;                 ///< whether the attack uses the mean public image
  std::optional<StatisticsSource> batch_statistics;  ///< none: the attack compares no statistics
  /// How the attack decodes its final images, being adapted to hospitals that change theirs before
  /// training, such as "unmix, weight 0.5"; "": not at all.
  std::string decoding;
  /// What the attack's options assume of how messages were made, being adapted to a defense, such
  /// as "exclude fc.bias, noise_scale 0.01"; "": nothing.
  std::string assumptions;
  Countermeasures counters;
  /// Vectors of earlier steps that the optimizer keeps, each as long as the images it varies.
  int64_t history = 0;
  int64_t iterations = 1;   ///< outer iterations at most; 1: the attack is no iterative search
  int64_t evaluations = 0;  ///< evaluations of an iteration at most; 0: the attack is no search
};

}  // namespace medpfl
