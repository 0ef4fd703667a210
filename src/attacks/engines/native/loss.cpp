#include "attacks/engines/native/loss.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace medpfl::native {
namespace {

// The entries of one image in a matrix [classes, B] or [B, classes].
template <typename T>
struct Column {
  T* first;
  int64_t stride;
  T& operator[](int64_t k) const { return first[k * stride]; }
};

void softmax(Column<const float> from, Column<float> to, int64_t classes) {
  float largest = from[0];
  for (int64_t k = 1; k < classes; ++k) largest = std::max(largest, from[k]);
  double total = 0;
  for (int64_t k = 0; k < classes; ++k) total += to[k] = std::exp(from[k] - largest);
  for (int64_t k = 0; k < classes; ++k) to[k] = static_cast<float>(to[k] / total);
}

// scale p (t - <p, t>): the Jacobian of softmax, at the probabilities p, times t.
void softmax_change(Column<const float> p, Column<const float> t, float scale, Column<float> to,
                    int64_t classes) {
  double mean = 0;
  for (int64_t k = 0; k < classes; ++k) mean += static_cast<double>(p[k]) * t[k];
  for (int64_t k = 0; k < classes; ++k) to[k] = scale * p[k] * static_cast<float>(t[k] - mean);
}

}  // namespace

Loss::Loss(Signal* logits)
    : logits_(*logits), probability_(logits->value.size()), target_(logits->value.size()) {}

void Loss::differentiate(const Candidate& candidate) {
  const int64_t classes = logits_.channels, batch = logits_.batch;
  float* error = logits_.error();
  if (candidate.output_error.defined()) {
    const at::Tensor fixed = candidate.output_error.contiguous();
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t k = 0; k < classes; ++k)
        error[k * batch + b] = fixed.data_ptr<float>()[b * classes + k];
    return;
  }
  std::fill(target_.begin(), target_.end(), 0.F);
  for (int64_t b = 0; b < batch; ++b) {
    if (candidate.label_logits.defined()) {
      const float* logits = candidate.label_logits.data_ptr<float>() + b * classes;
      softmax({logits, 1}, {target_.data() + b, batch}, classes);
    } else {
      const int64_t label = candidate.labels.data_ptr<int64_t>()[b];
      if (label < 0 || label >= classes)
        throw Error(ExitCode::kInternal,
                    fmt::format("label {} of a candidate is none of {} classes", label, classes));
      target_[static_cast<size_t>(label * batch + b)] = 1;
    }
    softmax({logits_.value.data() + b, batch}, {probability_.data() + b, batch}, classes);
  }
  for (size_t i = 0; i < target_.size(); ++i)
    error[i] = (probability_[i] - target_[i]) / static_cast<float>(batch);
}

void Loss::differentiate_along(const Candidate& candidate) {
  const int64_t batch = logits_.batch;
  float* to = logits_.error_tangent();
  if (candidate.output_error.defined()) {
    std::fill_n(to, logits_.size(), 0.F);
    return;
  }
  for (int64_t b = 0; b < batch; ++b)
    softmax_change({probability_.data() + b, batch}, {logits_.tangent.data() + b, batch},
                   1.F / static_cast<float>(batch), {to + b, batch}, logits_.channels);
}

// dL/d(target) is -log p / B; along v it moves by -z dot / B and what is equal in all classes,
// which the Jacobian of the target's softmax takes to zero.
void Loss::differentiate_labels(float* out) const {
  const int64_t classes = logits_.channels, batch = logits_.batch;
  for (int64_t b = 0; b < batch; ++b)
    softmax_change({target_.data() + b, batch}, {logits_.tangent.data() + b, batch},
                   -1.F / static_cast<float>(batch), {out + b * classes, 1}, classes);
}

}  // namespace medpfl::native
