// Convolution and dense layer: z = W x + b, x the columns of patches, or the input itself.
#include <algorithm>
#include <optional>

#include "attacks/engines/native/blas.hpp"
#include "attacks/engines/native/layer.hpp"
#include "attacks/engines/native/patches.hpp"
#include "attacks/optimizers/vector_math.hpp"

namespace medpfl::native {
namespace {

class Linear final : public Step {
 public:
  Linear(const Layer& layer, const ParameterLayout& layout, Signal* in, Signal* out,
         Scratch* scratch)
      : in_(*in), out_(*out), scratch_(*scratch), weight_(layout[layer.weight].offset) {
    if (layer.bias >= 0) bias_ = layout[layer.bias].offset;
    rows_ = layout[layer.weight].size / out_.channels;
    if (layer.kind == Layer::Kind::kConvolution) {
      patches_.emplace(layer, in_, out_);
      columns_.resize(static_cast<size_t>(rows_ * out_.columns()));
      scratch->resize(std::max(scratch->size(), columns_.size()));
    }
    both_.resize(static_cast<size_t>(2 * layout[layer.weight].size));
  }

  void forward(const float* weights) override {
    if (patches_) patches_->unfold(in_.value.data(), columns_.data());
    fill_with_bias(weights, out_.value.data());
    multiply(Op::kPlain, Op::kPlain, out_.channels, out_.columns(), rows_, weights + weight_,
             columns(), 1, out_.value.data());
  }

  void backward(const float* weights, float* gradient) override {
    const int64_t n = out_.columns();
    multiply(Op::kPlain, Op::kTransposed, out_.channels, rows_, n, out_.error(), columns(), 0,
             gradient + weight_);
    if (bias_ >= 0)
      for (int64_t c = 0; c < out_.channels; ++c)
        gradient[bias_ + c] = static_cast<float>(sum(out_.error() + c * n, n));
    if (in_.fixed) return;
    float* to = patches_ ? scratch_.data() : in_.error();
    multiply(Op::kTransposed, Op::kPlain, rows_, n, out_.channels, weights + weight_, out_.error(),
             0, to);
    if (patches_) patches_->fold(to, in_.error());
  }

  void tangent_forward(const float* weights, const float* v) override {
    float* to = out_.tangent.data();
    fill_with_bias(v, to);
    multiply(Op::kPlain, Op::kPlain, out_.channels, out_.columns(), rows_, v + weight_, columns(),
             1, to);
    if (in_.fixed) return;
    const float* from = in_.tangent.data();
    if (patches_) {
      patches_->unfold(from, scratch_.data());
      from = scratch_.data();
    }
    multiply(Op::kPlain, Op::kPlain, out_.channels, out_.columns(), rows_, weights + weight_, from,
             1, to);
  }

  // W^T (error dot) + V^T error, as one product of [W; V] and [error dot; error].
  void tangent_backward(const float* weights, const float* v) override {
    const auto half = static_cast<int64_t>(both_.size() / 2);
    std::copy_n(weights + weight_, half, both_.data());
    std::copy_n(v + weight_, half, both_.data() + half);
    float* to = patches_ ? scratch_.data() : in_.error_tangent();
    multiply(Op::kTransposed, Op::kPlain, rows_, out_.columns(), 2 * out_.channels, both_.data(),
             out_.errors.data(), 0, to);
    if (patches_) patches_->fold(to, in_.error_tangent());
  }

 private:
  const float* columns() const { return patches_ ? columns_.data() : in_.value.data(); }

  void fill_with_bias(const float* parameters, float* to) const {
    const int64_t n = out_.columns();
    for (int64_t c = 0; c < out_.channels; ++c)
      std::fill_n(to + c * n, n, bias_ < 0 ? 0.F : parameters[bias_ + c]);
  }

  Signal& in_;
  Signal& out_;
  Scratch& scratch_;
  int64_t weight_, bias_ = -1, rows_ = 0;
  std::optional<Patches> patches_;
  std::vector<float> columns_;  // those of the value, kept for three passes
  std::vector<float> both_;     // [W; V]
};

}  // namespace

std::unique_ptr<Step> make_linear(const Layer& layer, const ParameterLayout& layout, Signal* in,
                                  Signal* out, Scratch* scratch) {
  return std::make_unique<Linear>(layer, layout, in, out, scratch);
}

}  // namespace medpfl::native
