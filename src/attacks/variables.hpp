#pragma once
#include <cstdint>
#include <vector>

#include "attacks/matching_engine.hpp"
#include "models/model.hpp"

namespace medpfl {

/// The optimizer's view of a candidate: one flat vector of all images and, where they are optimized
/// too, label logits and last the surrogate's place.
class Variables {
 public:
  /// `grey`: one channel is varied and repeated in all others. `label_logits`: 0, or batch x
  /// classes. `surrogate_rate`: unless 0 the surrogate's place varies, this much slower than
  /// images.
  Variables(const ImageShape& shape, int64_t batch, bool grey, int64_t label_logits,
            double surrogate_rate = 0);

  float* data() { return values_.data(); }
  int64_t size() const { return static_cast<int64_t>(values_.size()); }
  std::vector<float>& values() { return values_; }
  /// Of the images as they are varied: [B, C, H, W], C = 1 under `grey`.
  std::vector<int64_t> varied_shape() const { return {batch_, channels_, height_, width_}; }
  int64_t pixels() const { return pixels_; }

  /// Puts the surrogate, where it varies, at `place`.
  void place_surrogate(double place);
  /// Brings the surrogate's place back to [0, 1]. Whether it moved.
  bool bound_surrogate();

  /// The candidate at x [size], which it may share memory with. `knowledge` carries what is not
  /// varied: labels or the output error.
  Candidate candidate(const float* x, Candidate knowledge = {}) const;
  /// The gradient of a candidate as one of x [size].
  void collect(const CandidateGradient& gradient, float* out) const;
  /// The images at x, clamped to [0, 1].
  at::Tensor images(const std::vector<float>& x) const;

 private:
  int64_t batch_, channels_, height_, width_, repeats_, pixels_, logits_;
  double surrogate_rate_;
  std::vector<float> values_;
};

}  // namespace medpfl
