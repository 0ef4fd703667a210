#pragma once
#include <cstdint>
#include <vector>

#include "attacks/matching_engine.hpp"
#include "models/model.hpp"

namespace medpfl {

/// The optimizer's view of a candidate: one flat vector of all images and, where labels are
/// optimized too, label logits. Of a group of candidates, one after another.
class Variables {
 public:
  /// `grey`: one channel is varied and repeated in all others. `label_logits`: 0, or batch x
  /// classes.
  Variables(const ImageShape& shape, int64_t batch, bool grey, int64_t label_logits,
            int64_t group = 1);

  float* data(int64_t member = 0) { return values_.data() + member * size(); }
  int64_t size() const { return pixels_ + logits_; }  ///< of one candidate
  std::vector<float>& values() { return values_; }    ///< of all
  /// Of the images as they are varied: [B, C, H, W], C = 1 under `grey`.
  std::vector<int64_t> varied_shape() const { return {batch_, channels_, height_, width_}; }
  int64_t pixels() const { return pixels_; }

  /// The candidate at x [size], which it may share memory with. `knowledge` carries what is not
  /// varied: labels or the output error.
  Candidate candidate(const float* x, Candidate knowledge = {}) const;
  /// The gradient of a candidate as one of x [size].
  void collect(const CandidateGradient& gradient, float* out) const;
  /// The images at x, clamped to [0, 1].
  at::Tensor images(const std::vector<float>& x) const;

 private:
  int64_t batch_, channels_, height_, width_, repeats_, pixels_, logits_;
  std::vector<float> values_;
};

}  // namespace medpfl
