#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "core/option_table.hpp"

namespace medpfl {

/// How an attacker decodes the images it found. It knows how hospitals change their images before
/// training, and the mean of public images, and nothing else.
struct Decoding {
  std::string rule = "none";  ///< none | unmix | signs | register
  double weight = 0.48;       ///< weight of an image in its own mixture, for unmix and signs
  double shift = 0.3;         ///< largest translation that register tries, as a share of the side
  double angle = 0;           ///< largest rotation that register tries, in degrees
  bool any() const { return rule != "none"; }
  /// Returns the rule with its numbers, as "unmix, weight 0.48" or "register, shift 0.3, angle 0".
  std::string describe() const;
};

OptionTable<Decoding> decoding_options();

/// Returns decoded images in [0, 1], for images float32 [B, C, S, S] in [0, 1] and public_mean
/// [C, S, S].
/// With weight a and public mean m:
///   unmix:    (x - (1 - a) m) / a, as the others of a mixture are m on average
///   signs:    unmix of, in each pixel, that of x and 1 - x which is nearer to m
///   register: of the translations and rotations up to the given ones, the inverse of that after
///             which the image correlates most with m; what was moved out of view is m
at::Tensor decode(const Decoding& decoding, const at::Tensor& images,
                  const at::Tensor& public_mean);

}  // namespace medpfl
