#include "attacks/matching/variables.hpp"

#include <ATen/ops/from_blob.h>

#include <algorithm>

namespace medpfl {

namespace {

// Scans that are stored as JPEG in color come back up to a few levels apart.
constexpr double kSameGray = 0.01;

bool is_gray(const at::Tensor& image) {
  return image.defined() &&
         image.sub(image.narrow(0, 0, 1)).abs().max().item<double>() <= kSameGray;
}

}  // namespace

const Words<OneChannel>& words_of(OneChannel) {
  static const Words<OneChannel> words = {
      {OneChannel::kNo, "false"}, {OneChannel::kYes, "true"}, {OneChannel::kAuto, "auto"}};
  return words;
}

std::vector<int64_t> varied_shape(const ImageShape& image, int64_t batch, OneChannel grey,
                                  const at::Tensor& public_mean) {
  const bool one = grey == OneChannel::kYes || (grey == OneChannel::kAuto && is_gray(public_mean));
  return {batch, one ? 1 : image.channels, image.height, image.width};
}

Variables::Variables(std::unique_ptr<Parametrization> images, const std::vector<int64_t>& varied,
                     int64_t channels, int64_t label_logits, double surrogate_rate)
    : images_(std::move(images)),
      varied_(varied),
      channels_(channels),
      shown_(images_->size()),
      logits_(label_logits),
      surrogate_rate_(surrogate_rate) {}

void Variables::begin(RandomStream* random, float* x) {
  images_->begin(random, x);
  for (int64_t i = shown_; i < shown_ + logits_; ++i) x[i] = static_cast<float>(random->normal());
  if (surrogate_rate_ > 0) x[size() - 1] = static_cast<float>(0.5 / surrogate_rate_);
}

bool Variables::bound_surrogate(float* x) const {
  if (surrogate_rate_ == 0) return false;
  float& place = x[size() - 1];
  const float before = place;
  place = std::clamp(before, 0.0F, static_cast<float>(1 / surrogate_rate_));
  return place != before;
}

Candidate Variables::candidate(const float* x, Candidate knowledge) const {
  Candidate out = std::move(knowledge);
  out.images = images_->images(x);
  if (varied_[1] != channels_)
    out.images = out.images.expand({varied_[0], channels_, varied_[2], varied_[3]}).contiguous();
  if (logits_ > 0)
    // NOLINTNEXTLINE: from_blob takes no const; engines only read
    out.label_logits = at::from_blob(const_cast<float*>(x) + shown_,
                                     {varied_[0], logits_ / varied_[0]}, at::kFloat);
  if (surrogate_rate_ > 0) out.surrogate = surrogate_rate_ * x[size() - 1];
  return out;
}

void Variables::collect(const CandidateGradient& gradient, float* out) const {
  const float* from = gradient.images.data_ptr<float>();
  std::vector<float> folded;
  if (varied_[1] != channels_) {
    const int64_t plane = varied_[2] * varied_[3];
    folded.resize(static_cast<size_t>(varied_[0] * plane));
    for (int64_t image = 0; image < varied_[0]; ++image)
      for (int64_t c = 0; c < channels_; ++c, from += plane)
        for (int64_t i = 0; i < plane; ++i)
          folded[static_cast<size_t>(image * plane + i)] += from[i];
    from = folded.data();
  }
  images_->pull_back(from, out);
  if (logits_ > 0) std::copy_n(gradient.label_logits.data_ptr<float>(), logits_, out + shown_);
  if (surrogate_rate_ > 0)
    out[size() - 1] = static_cast<float>(surrogate_rate_ * gradient.surrogate);
}

at::Tensor Variables::images(const float* x) const {
  return candidate(x).images.clamp(0, 1).clone();
}

}  // namespace medpfl
