#include "attacks/variables.hpp"

#include <ATen/ops/from_blob.h>

#include <algorithm>

namespace medpfl {

Variables::Variables(const ImageShape& shape, int64_t batch, bool grey, int64_t label_logits,
                     double surrogate_rate)
    : batch_(batch),
      channels_(grey ? 1 : shape.channels),
      height_(shape.height),
      width_(shape.width),
      repeats_(shape.channels / channels_),
      pixels_(batch * channels_ * height_ * width_),
      logits_(label_logits),
      surrogate_rate_(surrogate_rate),
      values_(static_cast<size_t>(pixels_ + logits_ + (surrogate_rate > 0 ? 1 : 0))) {}

void Variables::place_surrogate(double place) {
  if (surrogate_rate_ > 0) values_.back() = static_cast<float>(place / surrogate_rate_);
}

bool Variables::bound_surrogate() {
  if (surrogate_rate_ == 0) return false;
  const float before = values_.back();
  values_.back() = std::clamp(before, 0.0F, static_cast<float>(1 / surrogate_rate_));
  return values_.back() != before;
}

Candidate Variables::candidate(const float* x, Candidate knowledge) const {
  Candidate out = std::move(knowledge);
  float* data = const_cast<float*>(x);  // NOLINT: from_blob takes no const; engines only read
  out.images = at::from_blob(data, varied_shape(), at::kFloat);
  if (repeats_ > 1)
    out.images = out.images.expand({batch_, repeats_ * channels_, height_, width_}).contiguous();
  if (logits_ > 0)
    out.label_logits = at::from_blob(data + pixels_, {batch_, logits_ / batch_}, at::kFloat);
  if (surrogate_rate_ > 0) out.surrogate = surrogate_rate_ * x[size() - 1];
  return out;
}

void Variables::collect(const CandidateGradient& gradient, float* out) const {
  const float* from = gradient.images.data_ptr<float>();
  if (repeats_ == 1) {
    std::copy_n(from, pixels_, out);
  } else {
    const int64_t plane = height_ * width_;
    std::fill_n(out, pixels_, 0.0F);
    for (int64_t image = 0; image < batch_; ++image)
      for (int64_t c = 0; c < repeats_; ++c, from += plane)
        for (int64_t i = 0; i < plane; ++i) out[image * plane + i] += from[i];
  }
  if (logits_ > 0) std::copy_n(gradient.label_logits.data_ptr<float>(), logits_, out + pixels_);
  if (surrogate_rate_ > 0)
    out[size() - 1] = static_cast<float>(surrogate_rate_ * gradient.surrogate);
}

at::Tensor Variables::images(const std::vector<float>& x) const {
  return candidate(x.data()).images.clamp(0, 1).clone();
}

}  // namespace medpfl
