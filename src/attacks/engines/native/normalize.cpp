// y = (x - mean) / deviation by channels: errors and tangents are divided alike.
#include "attacks/engines/native/layer.hpp"

namespace medpfl::native {
namespace {

class Normalize final : public Step {
 public:
  Normalize(const Layer& layer, Signal* in, Signal* out) : in_(*in), out_(*out) {
    const at::Tensor means = layer.shift.contiguous(), deviations = layer.scale.contiguous();
    mean_.assign(means.data_ptr<float>(), means.data_ptr<float>() + in->channels);
    deviation_.assign(deviations.data_ptr<float>(), deviations.data_ptr<float>() + in->channels);
  }

  void forward(const float*) override {
    for_pixels([&](int64_t i, size_t c) {
      out_.value.data()[i] = (in_.value.data()[i] - mean_[c]) / deviation_[c];
    });
  }
  void backward(const float*, float*) override { divide(out_.error(), in_.error()); }
  void tangent_forward(const float*, const float*) override {
    divide(in_.tangent.data(), out_.tangent.data());
  }
  void tangent_backward(const float*, const float*) override {
    divide(out_.error_tangent(), in_.error_tangent());
  }

 private:
  template <typename F>
  void for_pixels(const F& f) const {
    for (int64_t c = 0; c < in_.channels; ++c)
      for (int64_t i = c * in_.columns(); i < (c + 1) * in_.columns(); ++i)
        f(i, static_cast<size_t>(c));
  }
  void divide(const float* from, float* to) const {
    for_pixels([&](int64_t i, size_t c) { to[i] = from[i] / deviation_[c]; });
  }

  Signal& in_;
  Signal& out_;
  std::vector<float> mean_, deviation_;
};

}  // namespace

std::unique_ptr<Step> make_normalize(const Layer& layer, Signal* in, Signal* out) {
  return std::make_unique<Normalize>(layer, in, out);
}

}  // namespace medpfl::native
