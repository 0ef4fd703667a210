#include "models/convolution.hpp"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>
#include <tuple>
#include <vector>

namespace medpfl {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using Tensors = torch::autograd::variable_list;

// y = x * w is bilinear, and so are its derivatives, given e = dL/dy: by x in (e, w), by w in
// (e, x). Each of the three is differentiated by the other two.
Tensor forward(const Tensor& x, const Tensor& w, int64_t stride, int64_t padding);
Tensor by_input(const Tensor& e, const Tensor& w, at::IntArrayRef shape, int64_t stride,
                int64_t padding);
Tensor by_weight(const Tensor& e, const Tensor& x, at::IntArrayRef shape, int64_t stride,
                 int64_t padding);

// What is `wanted` of the derivatives by x, w and bias. Of a tensor that the wanted ones do not
// depend on only the shape is read.
std::tuple<Tensor, Tensor, Tensor> backward_of(const Tensor& e, const Tensor& x, const Tensor& w,
                                               int64_t stride, int64_t padding,
                                               std::array<bool, 3> wanted) {
  return at::convolution_backward(e, x, w, at::OptionalIntArrayRef(), {stride, stride},
                                  {padding, padding}, {1, 1}, false, {0, 0}, 1, wanted);
}

// The two factors of a product, for its derivatives.
struct Factors {
  Tensor a, b;
  int64_t stride, padding;
};

void save(AutogradContext* context, const Factors& factors) {
  context->save_for_backward({factors.a, factors.b});
  context->saved_data["stride"] = factors.stride;
  context->saved_data["padding"] = factors.padding;
}

Factors saved(AutogradContext* context) {
  const Tensors tensors = context->get_saved_variables();
  return {tensors[0], tensors[1], context->saved_data["stride"].toInt(),
          context->saved_data["padding"].toInt()};
}

struct Forward : Function<Forward> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& w, int64_t stride,
                        int64_t padding) {
    save(context, {x, w, stride, padding});
    return at::conv2d(x, w, {}, stride, padding);
  }
  static Tensors backward(AutogradContext* context, const Tensors& gradient) {
    const auto [x, w, stride, padding] = saved(context);
    const Tensor& e = gradient[0];
    return {context->needs_input_grad(0) ? by_input(e, w, x.sizes(), stride, padding) : Tensor(),
            context->needs_input_grad(1) ? by_weight(e, x, w.sizes(), stride, padding) : Tensor(),
            {},
            {}};
  }
};

struct ByInput : Function<ByInput> {
  static Tensor forward(AutogradContext* context, const Tensor& e, const Tensor& w,
                        at::IntArrayRef shape, int64_t stride, int64_t padding) {
    save(context, {e, w, stride, padding});
    const Tensor x = at::empty(shape, e.options());
    return std::get<0>(backward_of(e, x, w, stride, padding, {true, false, false}));
  }
  static Tensors backward(AutogradContext* context, const Tensors& gradient) {
    const auto [e, w, stride, padding] = saved(context);
    const Tensor& g = gradient[0];
    return {context->needs_input_grad(0) ? medpfl::forward(g, w, stride, padding) : Tensor(),
            context->needs_input_grad(1) ? by_weight(e, g, w.sizes(), stride, padding) : Tensor(),
            {},
            {},
            {}};
  }
};

struct ByWeight : Function<ByWeight> {
  static Tensor forward(AutogradContext* context, const Tensor& e, const Tensor& x,
                        at::IntArrayRef shape, int64_t stride, int64_t padding) {
    save(context, {e, x, stride, padding});
    const Tensor w = at::empty(shape, e.options());
    return std::get<1>(backward_of(e, x, w, stride, padding, {false, true, false}));
  }
  static Tensors backward(AutogradContext* context, const Tensors& gradient) {
    const auto [e, x, stride, padding] = saved(context);
    const Tensor& g = gradient[0];
    return {context->needs_input_grad(0) ? medpfl::forward(x, g, stride, padding) : Tensor(),
            context->needs_input_grad(1) ? by_input(e, g, x.sizes(), stride, padding) : Tensor(),
            {},
            {},
            {}};
  }
};

Tensor forward(const Tensor& x, const Tensor& w, int64_t stride, int64_t padding) {
  return Forward::apply(x, w, stride, padding);
}

Tensor by_input(const Tensor& e, const Tensor& w, at::IntArrayRef shape, int64_t stride,
                int64_t padding) {
  return ByInput::apply(e, w, shape, stride, padding);
}

Tensor by_weight(const Tensor& e, const Tensor& x, at::IntArrayRef shape, int64_t stride,
                 int64_t padding) {
  return ByWeight::apply(e, x, shape, stride, padding);
}

}  // namespace

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       int64_t stride, int64_t padding) {
  // An undefined tensor cannot be an argument of a Function of LibTorch 1.13: the bias stays
  // outside.
  const Tensor y = forward(x, weight, stride, padding);
  return bias.defined() ? y.add(bias.view({1, -1, 1, 1})) : y;
}

}  // namespace medpfl
