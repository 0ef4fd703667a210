// Layers that only choose or move values: max pooling and flattening. Values and tangents go one
// way, errors and their tangents the other, by the same places.
#include <algorithm>

#include "attacks/engines/native/layer.hpp"

namespace medpfl::native {
namespace {

class MaxPool final : public Step {
 public:
  MaxPool(const Layer& layer, Signal* in, Signal* out)
      : kernel_(layer.kernel),
        stride_(layer.stride),
        in_(*in),
        out_(*out),
        source_(out->value.size()) {}

  void forward(const float*) override {
    size_t to = 0;
    for (int64_t image = 0; image < in_.channels * in_.batch; ++image)
      for (int64_t y = 0; y < out_.height; ++y)
        for (int64_t x = 0; x < out_.width; ++x, ++to) {
          const int64_t corner = image * in_.plane() + y * stride_ * in_.width + x * stride_;
          int64_t best = corner;
          for (int64_t ky = 0; ky < kernel_; ++ky)
            for (int64_t kx = 0; kx < kernel_; ++kx) {
              const int64_t at = corner + ky * in_.width + kx;
              if (in_.value[static_cast<size_t>(at)] > in_.value[static_cast<size_t>(best)])
                best = at;
            }
          source_[to] = static_cast<size_t>(best);
        }
    gather(in_.value, &out_.value);
  }

  void backward(const float*, float*) override { scatter(out_.error(), in_.error()); }
  void tangent_forward(const float*, const float*) override { gather(in_.tangent, &out_.tangent); }
  void tangent_backward(const float*, const float*) override {
    scatter(out_.error_tangent(), in_.error_tangent());
  }

 private:
  void gather(const std::vector<float>& from, std::vector<float>* to) const {
    for (size_t i = 0; i < source_.size(); ++i) (*to)[i] = from[source_[i]];
  }
  void scatter(const float* from, float* to) const {
    std::fill_n(to, in_.size(), 0.F);
    for (size_t i = 0; i < source_.size(); ++i) to[source_[i]] += from[i];
  }

  int64_t kernel_, stride_;
  Signal& in_;
  Signal& out_;
  std::vector<size_t> source_;  // of each output: the place of its maximum
};

// [C, B, H W] -> [C H W, B].
class Flatten final : public Step {
 public:
  Flatten(Signal* in, Signal* out) : in_(*in), out_(*out) {}

  void forward(const float*) override { flatten(in_.value.data(), out_.value.data()); }
  void backward(const float*, float*) override { unflatten(out_.error(), in_.error()); }
  void tangent_forward(const float*, const float*) override {
    flatten(in_.tangent.data(), out_.tangent.data());
  }
  void tangent_backward(const float*, const float*) override {
    unflatten(out_.error_tangent(), in_.error_tangent());
  }

 private:
  void flatten(const float* from, float* to) const {
    for (int64_t c = 0; c < in_.channels; ++c)
      for (int64_t b = 0; b < in_.batch; ++b)
        for (int64_t p = 0; p < in_.plane(); ++p)
          to[(c * in_.plane() + p) * in_.batch + b] = *from++;
  }
  void unflatten(const float* from, float* to) const {
    for (int64_t c = 0; c < in_.channels; ++c)
      for (int64_t b = 0; b < in_.batch; ++b)
        for (int64_t p = 0; p < in_.plane(); ++p)
          *to++ = from[(c * in_.plane() + p) * in_.batch + b];
  }

  Signal& in_;
  Signal& out_;
};

}  // namespace

std::unique_ptr<Step> make_max_pool(const Layer& layer, Signal* in, Signal* out) {
  return std::make_unique<MaxPool>(layer, in, out);
}

std::unique_ptr<Step> make_flatten(Signal* in, Signal* out) {
  return std::make_unique<Flatten>(in, out);
}

}  // namespace medpfl::native
