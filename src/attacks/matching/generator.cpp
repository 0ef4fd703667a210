#include "attacks/matching/generator.hpp"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/flat_parameters.hpp"
#include "models/device_views.hpp"

namespace medpfl {
namespace {

constexpr int64_t kCoarsest = 4, kGroups = 8;
constexpr double kSlope = 0.1;  // of the leaky ReLU

// The doublings that leave at least kCoarsest pixels at the coarse end.
int64_t doublings(const std::vector<int64_t>& shape) {
  int64_t n = 0;
  while ((std::max(shape[2], shape[3]) >> (n + 1)) >= kCoarsest) ++n;
  return n;
}

// Stages of convolution and norm, one before each doubling and one after the last.
ParameterLayout layout_of(const std::vector<int64_t>& shape, int64_t width) {
  ParameterLayout layout;
  for (int64_t stage = 0; stage <= doublings(shape); ++stage) {
    layout.add(fmt::format("conv{}.weight", stage), {width, width, 3, 3});
    layout.add(fmt::format("norm{}.weight", stage), {width});
    layout.add(fmt::format("norm{}.bias", stage), {width});
  }
  layout.add("last.weight", {shape[1], width, 1, 1});
  layout.add("last.bias", {shape[1]});
  return layout;
}

class Generator final : public Parametrization {
 public:
  Generator(const std::vector<int64_t>& shape, int64_t width, at::Device device)
      : shape_(shape),
        doublings_(doublings(shape)),
        groups_(std::gcd(width, kGroups)),
        weights_(layout_of(shape, width)),
        gradient_(weights_.layout()),
        views_(device, weights_, true),
        noise_(at::empty({shape[0], width, coarse(shape[2]), coarse(shape[3])}, at::kFloat)),
        device_(device) {}

  int64_t size() const override { return weights_.size(); }

  void begin(RandomStream* random, float* x) override {
    noise_ = noise_.to(at::kCPU);
    for (int64_t i = 0; i < noise_.numel(); ++i)
      noise_.data_ptr<float>()[i] = static_cast<float>(random->normal());
    noise_ = noise_.to(device_);
    for (const ParameterLayout::Entry& entry : weights_.layout().entries())
      draw(entry, random, x + entry.offset);
  }

  at::Tensor images(const float* x) override {
    std::copy_n(x, size(), weights_.data());
    const std::vector<at::Tensor>& theta = views_.current();
    auto next = theta.begin();
    const auto take = [&]() -> const at::Tensor& { return *next++; };
    at::Tensor h = noise_;
    for (int64_t stage = 0; stage <= doublings_; ++stage) {
      if (stage > 0) {
        const std::vector<int64_t> doubled = {2 * h.size(2), 2 * h.size(3)};
        h = at::upsample_nearest2d(h, at::IntArrayRef(doubled));
      }
      h = at::conv2d(h, take(), {}, 1, 1);
      const at::Tensor &gain = take(), &bias = take();
      h = at::leaky_relu(at::group_norm(h, groups_, gain, bias), kSlope);
    }
    const at::Tensor &weight = take(), &bias = take();
    h = h.narrow(2, 0, shape_[2]).narrow(3, 0, shape_[3]);
    output_ = at::sigmoid(at::conv2d(h, weight, bias));
    return output_.detach().to(at::kCPU).contiguous();
  }

  void pull_back(const float* gradient, float* out) override {
    // NOLINTNEXTLINE: from_blob takes no const; it is only read
    const at::Tensor from = at::from_blob(const_cast<float*>(gradient), shape_, at::kFloat);
    views_.collect(torch::autograd::grad({output_}, views_.parameters(), {from.to(device_)}),
                   &gradient_);
    output_ = at::Tensor();
    std::copy_n(gradient_.data(), size(), out);
  }

 private:
  int64_t coarse(int64_t pixels) const {
    const int64_t factor = int64_t{1} << doublings_;
    return (pixels + factor - 1) / factor;
  }

  // Convolutions keep the variance of what passes (He et al. 2015); norms start as 1 and 0.
  static void draw(const ParameterLayout::Entry& entry, RandomStream* random, float* to) {
    if (entry.shape.size() == 1) {
      const bool gain = entry.name.rfind("weight") != std::string::npos;
      std::fill_n(to, entry.size, gain ? 1.F : 0.F);
      return;
    }
    const auto fan_in = static_cast<double>(entry.size / entry.shape[0]);
    const double deviation = std::sqrt(2 / ((1 + kSlope * kSlope) * fan_in));
    for (int64_t i = 0; i < entry.size; ++i)
      to[i] = static_cast<float>(deviation * random->normal());
  }

  std::vector<int64_t> shape_;
  int64_t doublings_, groups_;
  FlatParameters weights_, gradient_;
  DeviceViews views_;
  at::Tensor noise_, output_;  // output_: with the graph of the last images
  at::Device device_;
};

}  // namespace

std::unique_ptr<Parametrization> make_generator(const std::vector<int64_t>& shape, int64_t width,
                                                at::Device device) {
  return std::make_unique<Generator>(shape, width, device);
}

}  // namespace medpfl
