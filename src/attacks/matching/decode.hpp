#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "core/option_table.hpp"

namespace medpfl {

/// What is made of the images that an attack found, with weight a and public mean m.
enum class DecodeRule {
  kNone,
  kUnmix,    ///< (x - (1 - a) m) / a, as the others of a mixture are m on average
  kSigns,    ///< kUnmix of, in each pixel, that of x and 1 - x which is nearer to m
  kRegister  ///< of translations and rotations up to the given ones, the inverse of that after
             ///< which the image correlates most with m; what was moved out of view is m
};
const Words<DecodeRule>& words_of(DecodeRule);

/// How an attacker decodes the images it found. It knows how hospitals change their images before
/// training, and the mean of public images, and nothing else.
struct Decoding {
  DecodeRule rule = DecodeRule::kNone;
  double weight = 0.48;  ///< weight of an image in its own mixture, for kUnmix and kSigns
  double shift = 0.3;    ///< largest translation that kRegister tries, as a share of the side
  double angle = 0;      ///< largest rotation that kRegister tries, in degrees
  bool any() const { return rule != DecodeRule::kNone; }
  /// Returns the rule with its numbers, as "unmix, weight 0.48" or "register, shift 0.3, angle 0".
  std::string describe() const;
};

OptionTable<Decoding> decoding_options();

/// Returns decoded images in [0, 1], for images float32 [B, C, S, S] in [0, 1] and public_mean
/// [C, S, S].
at::Tensor decode(const Decoding& decoding, const at::Tensor& images,
                  const at::Tensor& public_mean);

}  // namespace medpfl
