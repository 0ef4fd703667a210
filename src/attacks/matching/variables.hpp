#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "attacks/engines/matching_engine.hpp"
#include "attacks/matching/parametrization.hpp"
#include "core/words.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Whether an attack varies one channel and repeats it in all others. kAuto: where the mean public
/// image is gray.
enum class OneChannel { kNo, kYes, kAuto };
const Words<OneChannel>& words_of(OneChannel);

/// Returns the shape of the images that are varied: [B, C, H, W], C = 1 where one channel is.
/// `public_mean`: float32 [C, H, W]; where it is undefined kAuto means no.
std::vector<int64_t> varied_shape(const ImageShape& image, int64_t batch, OneChannel grey,
                                  const at::Tensor& public_mean);

/// The optimizer's view of a candidate: a flat vector x of what the images come from and, where
/// they are optimized too, label logits and last the surrogate's place.
class Variables {
 public:
  /// `images` gives images of `varied` shape, whose one channel, where the network takes more
  /// `channels`, is repeated. `label_logits`: 0, or batch x classes. `surrogate_rate`: unless 0 the
  /// surrogate's place varies, this much slower than images.
  Variables(std::unique_ptr<Parametrization> images, const std::vector<int64_t>& varied,
            int64_t channels, int64_t label_logits, double surrogate_rate = 0);

  int64_t size() const { return shown_ + logits_ + (surrogate_rate_ > 0 ? 1 : 0); }
  /// Returns the shape of the images as they are varied: [B, C, H, W].
  const std::vector<int64_t>& varied_shape() const { return varied_; }
  /// Draws first values x [size], and what stays fixed. Must be called once, before all other
  /// calls.
  void begin(RandomStream* random, float* x);

  /// Brings the surrogate's place, where it varies, back to [0, 1]. Returns whether it moved.
  bool bound_surrogate(float* x) const;

  /// Returns the candidate at x [size], which may share memory with x. `knowledge` holds what is
  /// not varied: labels or the output error.
  Candidate candidate(const float* x, Candidate knowledge = {}) const;
  /// Writes the gradient by the last candidate as a gradient by x [size].
  void collect(const CandidateGradient& gradient, float* out) const;
  /// Returns the images at x, clamped to [0, 1].
  at::Tensor images(const float* x) const;

 private:
  std::unique_ptr<Parametrization> images_;
  std::vector<int64_t> varied_;
  int64_t channels_, shown_, logits_;
  double surrogate_rate_;
};

}  // namespace medpfl
