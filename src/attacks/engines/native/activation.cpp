// Elementwise functions f with f' and f''. Errors pass as f'(z) e, tangents as f'(z) z dot, and the
// tangent of the error as f''(z) (z dot) e + f'(z) (e dot).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "attacks/engines/native/layer.hpp"
#include "kernels/vector_clones.hpp"

namespace medpfl::native {
namespace {

// 1 / (1 + exp(-z)) to float32 accuracy, in arithmetic that compilers vectorize: exp(y) = 2^k
// exp(r) with |r| <= ln(2) / 2, where the Taylor polynomial of degree 7 is within 1e-8.
MEDPFL_VECTOR_CLONES void sigmoid(const float* z, float* out, int64_t n) {
  constexpr float kRounder = 12582912;  // 1.5 * 2^23: adding it rounds to an integer
  constexpr float kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  for (int64_t i = 0; i < n; ++i) {
    float y = -z[i];
    y = y > 87 ? 87 : y;  // these comparisons keep NaN
    y = y < -87 ? -87 : y;
    const float shifted = y * 1.44269504F + kRounder;
    const float k = shifted - kRounder;
    const float r = (y - k * kLn2High) - k * kLn2Low;
    float p = 1.F / 5040;
    p = p * r + 1.F / 720;
    p = p * r + 1.F / 120;
    p = p * r + 1.F / 24;
    p = p * r + 1.F / 6;
    p = p * r + 0.5F;
    p = p * r + 1;
    p = p * r + 1;
    uint32_t bits = 0;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;  // the low bits of `shifted` are k: this is 2^k
    float power = 0;
    std::memcpy(&power, &bits, sizeof power);
    out[i] = 1 / (1 + p * power);
  }
}

MEDPFL_VECTOR_CLONES void scale(const float* by, const float* x, float* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = by[i] * x[i];
}

MEDPFL_VECTOR_CLONES void bend_error(const float* slope, const float* bend, const float* tangent,
                                     const float* error, const float* error_tangent, float* out,
                                     int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    out[i] = bend[i] * tangent[i] * error[i] + slope[i] * error_tangent[i];
}

class ActivationStep final : public Step {
 public:
  ActivationStep(Activation activation, Signal* in, Signal* out)
      : activation_(activation),
        in_(*in),
        out_(*out),
        slope_(in->value.size()),
        bend_(in->value.size()) {}

  void forward(const float*) override { evaluate(in_.value.data(), out_.value.data()); }

  void backward(const float*, float*) override {
    scale(slope_.data(), out_.error(), in_.error(), in_.size());
  }

  void tangent_forward(const float*, const float*) override {
    scale(slope_.data(), in_.tangent.data(), out_.tangent.data(), in_.size());
  }

  void tangent_backward(const float*, const float*) override {
    bend_error(slope_.data(), bend_.data(), in_.tangent.data(), out_.error(), out_.error_tangent(),
               in_.error_tangent(), in_.size());
  }

 private:
  void evaluate(const float* z, float* a) {
    const auto n = static_cast<size_t>(in_.size());
    switch (activation_) {
      case Activation::kSigmoid:
        sigmoid(z, a, in_.size());
        for (size_t i = 0; i < n; ++i) {
          slope_[i] = a[i] * (1 - a[i]);
          bend_[i] = slope_[i] * (1 - 2 * a[i]);
        }
        return;
      case Activation::kTanh:
        for (size_t i = 0; i < n; ++i) {
          a[i] = std::tanh(z[i]);
          slope_[i] = 1 - a[i] * a[i];
          bend_[i] = -2 * a[i] * slope_[i];
        }
        return;
      case Activation::kRelu:
      case Activation::kLeakyRelu: {
        const float below = activation_ == Activation::kRelu ? 0 : 0.01F;  // f'' stays zero
        for (size_t i = 0; i < n; ++i) {
          slope_[i] = z[i] > 0 ? 1 : below;
          a[i] = slope_[i] * z[i];
        }
        return;
      }
      case Activation::kElu:
        for (size_t i = 0; i < n; ++i) {
          const bool above = z[i] > 0;
          a[i] = above ? z[i] : std::expm1(z[i]);
          slope_[i] = above ? 1 : a[i] + 1;
          bend_[i] = above ? 0 : a[i] + 1;
        }
        return;
      case Activation::kSilu:
        sigmoid(z, a, in_.size());
        for (size_t i = 0; i < n; ++i) {
          const float s = a[i], t = 1 - s;
          a[i] = z[i] * s;
          slope_[i] = s * (1 + z[i] * t);
          bend_[i] = s * t * (2 + z[i] * (1 - 2 * s));
        }
        return;
    }
  }

  Activation activation_;
  Signal& in_;
  Signal& out_;
  std::vector<float> slope_, bend_;  // f'(z), f''(z)
};

}  // namespace

std::unique_ptr<Step> make_activation(Activation activation, Signal* in, Signal* out) {
  return std::make_unique<ActivationStep>(activation, in, out);
}

}  // namespace medpfl::native
