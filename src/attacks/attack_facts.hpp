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
  kGradient,  ///< as one gradient
  kUnroll,    ///< by simulating the hospital's steps (Geiping et al. 2020, arXiv 2003.14053)
  kSme,  ///< by the gradient at weights between those before and after (Zhu, Yao, Blaschko 2023,
         ///< arXiv 2306.00127)
};
const Words<UpdateRule>& words_of(UpdateRule);

/// Whose statistics of batch normalization an attack compares.
enum class StatisticsSource {
  kRunning,  ///< those the server sent
  kUpdate,   ///< those of the batch, as the message's change of them tells
};
const Words<StatisticsSource>& words_of(StatisticsSource);

/// The option, with its value, that confines an attack to messages of one image.
struct SingleImage {
  std::string option, value;  ///< "output_error" and "observed"
  std::string instead;        ///< values for batches of any size, such as "known or joint"
};

/// What an attack with its options is, beside what it does: the campaign, the checks of a
/// configuration and the results ask for nothing else.
struct AttackFacts {
  LabelRule labels = LabelRule::kKnown;
  UpdateRule update = UpdateRule::kGradient;
  LocalGuess guess;                         ///< what it assumes of local training
  std::optional<SingleImage> single_image;  ///< none: it takes batches of any size
  bool public_mean = false;  ///< whether it starts from, or leans on, the mean public image
  std::optional<StatisticsSource> batch_statistics;  ///< none: it compares none
  /// What it makes of its final images, being adapted to how hospitals change theirs, such as
  /// "unmix, weight 0.5"; "" nothing.
  std::string decoding;
  /// What its options assume of how messages were made, being adapted to a defense, such as
  /// "exclude fc.bias, noise_scale 0.01"; "" nothing.
  std::string assumptions;
  int64_t iterations = 1;  ///< outer iterations at most; 1 for one that is no search
};

}  // namespace medpfl
