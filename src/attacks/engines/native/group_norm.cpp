// y = gamma xh + beta, xh = (x - mean) r, r = 1 / sqrt(variance + 1e-5) over the pixels of a group
// of channels of one image (Wu & He 2018). With <.> the mean over a group and q = gamma e:
//   error            r (q - <q> - xh <q xh>)
//   xh dot           r (x dot - <x dot> - xh <xh x dot>), and r dot = -r^2 <xh x dot>
//   tangent of error (r dot / r) error + r (q dot - <q dot> - xh dot <q xh> - xh <q xh> dot)
#include <cmath>

#include "attacks/engines/native/layer.hpp"
#include "attacks/optimizers/vector_math.hpp"

namespace medpfl::native {
namespace {

constexpr double kEpsilon = 1e-5;

class GroupNorm final : public Step {
 public:
  GroupNorm(const Layer& layer, const ParameterLayout& layout, Signal* in, Signal* out)
      : in_(*in),
        out_(*out),
        gamma_(layout[layer.weight].offset),
        beta_(layout[layer.bias].offset),
        width_(in->channels / layer.groups),
        groups_(static_cast<size_t>(layer.groups * in->batch)),
        normalized_(in->value.size()),
        normalized_tangent_(in->value.size()),
        scaled_(in->value.size()),
        scaled_tangent_(in->value.size()) {}

  void forward(const float* weights) override {
    const float* x = in_.value.data();
    for_groups([&](Group& group, int64_t image, int64_t first) {
      double mean = 0, square = 0;
      for_channels(image, first, [&](int64_t, int64_t at) { mean += sum(x + at, in_.plane()); });
      mean /= extent();
      for_channels(image, first, [&](int64_t, int64_t at) {
        for (int64_t i = at; i < at + in_.plane(); ++i)
          normalized_[static_cast<size_t>(i)] = static_cast<float>(x[i] - mean);
        square += dot(normalized_.data() + at, normalized_.data() + at, in_.plane());
      });
      group.r = static_cast<float>(1 / std::sqrt(square / extent() + kEpsilon));
      for_channels(image, first, [&](int64_t c, int64_t at) {
        const float gamma = weights[gamma_ + c], beta = weights[beta_ + c];
        float* xh = normalized_.data();
        for (int64_t i = at; i < at + in_.plane(); ++i) {
          xh[i] *= group.r;
          out_.value.data()[i] = gamma * xh[i] + beta;
        }
      });
    });
  }

  void backward(const float* weights, float* gradient) override {
    const int64_t row = in_.columns();
    for (int64_t c = 0; c < in_.channels; ++c) {
      const float* error = out_.error() + c * row;
      gradient[gamma_ + c] = static_cast<float>(dot(error, normalized_.data() + c * row, row));
      gradient[beta_ + c] = static_cast<float>(sum(error, row));
      float* q = scaled_.data() + c * row;
      for (int64_t i = 0; i < row; ++i) q[i] = weights[gamma_ + c] * error[i];
    }
    const float* xh = normalized_.data();
    const float* q = scaled_.data();
    for_groups([&](Group& group, int64_t image, int64_t first) {
      group.q = mean_of(q, image, first);
      group.q_xh = mean_of(q, xh, image, first);
      for_channels(image, first, [&](int64_t, int64_t at) {
        for (int64_t i = at; i < at + in_.plane(); ++i)
          in_.error()[i] = group.r * (q[i] - group.q - xh[i] * group.q_xh);
      });
    });
  }

  void tangent_forward(const float* weights, const float* v) override {
    const float* xh = normalized_.data();
    const float* x_dot = in_.tangent.data();
    for_groups([&](Group& group, int64_t image, int64_t first) {
      const float mean = mean_of(x_dot, image, first);
      group.xh_x_dot = mean_of(xh, x_dot, image, first);
      for_channels(image, first, [&](int64_t c, int64_t at) {
        float* xh_dot = normalized_tangent_.data();
        for (int64_t i = at; i < at + in_.plane(); ++i) {
          xh_dot[i] = group.r * (x_dot[i] - mean - xh[i] * group.xh_x_dot);
          out_.tangent.data()[i] =
              v[gamma_ + c] * xh[i] + weights[gamma_ + c] * xh_dot[i] + v[beta_ + c];
        }
      });
    });
  }

  void tangent_backward(const float* weights, const float* v) override {
    const float* xh = normalized_.data();
    const float* xh_dot = normalized_tangent_.data();
    const float* q = scaled_.data();
    float* q_dot = scaled_tangent_.data();
    const int64_t row = in_.columns();
    for (int64_t c = 0; c < in_.channels; ++c)
      for (int64_t i = c * row; i < (c + 1) * row; ++i)
        q_dot[i] = v[gamma_ + c] * out_.error()[i] + weights[gamma_ + c] * out_.error_tangent()[i];
    for_groups([&](Group& group, int64_t image, int64_t first) {
      const float mean = mean_of(q_dot, image, first);
      const float q_xh_dot = mean_of(q_dot, xh, image, first) + mean_of(q, xh_dot, image, first);
      for_channels(image, first, [&](int64_t, int64_t at) {
        for (int64_t i = at; i < at + in_.plane(); ++i)
          in_.error_tangent()[i] =
              group.r * (q_dot[i] - mean - xh_dot[i] * group.q_xh - xh[i] * q_xh_dot -
                         group.r * group.xh_x_dot * (q[i] - group.q - xh[i] * group.q_xh));
      });
    });
  }

 private:
  // 1 / standard deviation, and the means <q>, <q xh>, <xh x dot>.
  struct Group {
    float r = 0, q = 0, q_xh = 0, xh_x_dot = 0;
  };

  double extent() const { return static_cast<double>(width_ * in_.plane()); }

  /// f(group, image, its first channel) over all groups.
  template <typename F>
  void for_groups(const F& f) {
    size_t next = 0;
    for (int64_t image = 0; image < in_.batch; ++image)
      for (int64_t first = 0; first < in_.channels; first += width_)
        f(groups_[next++], image, first);
  }

  /// f(channel, where its pixels begin) over the channels of a group.
  template <typename F>
  void for_channels(int64_t image, int64_t first, const F& f) const {
    for (int64_t c = first; c < first + width_; ++c) f(c, (c * in_.batch + image) * in_.plane());
  }

  float mean_of(const float* x, int64_t image, int64_t first) const {
    double total = 0;
    for_channels(image, first, [&](int64_t, int64_t at) { total += sum(x + at, in_.plane()); });
    return static_cast<float>(total / extent());
  }

  float mean_of(const float* x, const float* y, int64_t image, int64_t first) const {
    double total = 0;
    for_channels(image, first,
                 [&](int64_t, int64_t at) { total += dot(x + at, y + at, in_.plane()); });
    return static_cast<float>(total / extent());
  }

  Signal& in_;
  Signal& out_;
  int64_t gamma_, beta_, width_;
  std::vector<Group> groups_;  // [B, groups]
  std::vector<float> normalized_, normalized_tangent_, scaled_, scaled_tangent_;
};

}  // namespace

std::unique_ptr<Step> make_group_norm(const Layer& layer, const ParameterLayout& layout, Signal* in,
                                      Signal* out) {
  return std::make_unique<GroupNorm>(layer, layout, in, out);
}

}  // namespace medpfl::native
