#include "models/convolution.hpp"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <tuple>
#include <vector>

#include "models/direct_convolution.hpp"

namespace medpfl {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using Tensors = torch::autograd::variable_list;

// y = x * w is bilinear, and so are its derivatives, given e = dL/dy: by x in (e, w), by w in
// (e, x). Each of the three is differentiated by the other two.
enum Factor { kInput, kWeight };
Tensor product(const Tensor& x, const Tensor& w, int64_t stride, int64_t padding);
// The derivative by one factor, of this shape; `other` is the other one.
template <Factor kBy>
Tensor derivative(const Tensor& e, const Tensor& other, at::IntArrayRef shape, int64_t stride,
                  int64_t padding);

// Larger batches and images pay for LibTorch's copies in another order (decision 16). The
// derivative by the weights needs more of them than the other two, whatever the image.
constexpr int64_t kDirectBatch = 4, kDirectImage = 1 << 15;

bool runs_direct(const Tensor& a, const Tensor& b, const ConvolutionShape& shape) {
  const auto fits = [](const Tensor& t) {
    return t.is_cpu() && t.scalar_type() == at::kFloat && t.numel() > 0;
  };
  return have_direct_convolution() && shape.batch <= kDirectBatch && fits(a) && fits(b);
}

bool has_small_images(const ConvolutionShape& shape) {
  return shape.channels * shape.height * shape.width <= kDirectImage;
}

ConvolutionShape shape_of(at::IntArrayRef x, at::IntArrayRef w, int64_t stride, int64_t padding) {
  return {x[0], x[1], x[2], x[3], w[0], w[2], stride, padding};
}

// y = x * w.
Tensor compute_product(const Tensor& x, const Tensor& w, int64_t stride, int64_t padding) {
  const ConvolutionShape shape = shape_of(x.sizes(), w.sizes(), stride, padding);
  if (!runs_direct(x, w, shape) || !has_small_images(shape))
    return at::conv2d(x, w, {}, stride, padding);
  Tensor y =
      at::empty({shape.batch, shape.outputs, shape.out_height(), shape.out_width()}, x.options());
  convolve(shape, x.contiguous().data_ptr<float>(), w.contiguous().data_ptr<float>(),
           y.data_ptr<float>());
  return y;
}

// The derivative by one factor, which has this shape, of e = dL/dy; `other` is the other factor.
template <Factor kBy>
Tensor compute_derivative(const Tensor& e, const Tensor& other, at::IntArrayRef own, int64_t stride,
                          int64_t padding) {
  constexpr bool kByInput = kBy == kInput;
  const ConvolutionShape shape =
      shape_of(kByInput ? own : other.sizes(), kByInput ? other.sizes() : own, stride, padding);
  Tensor by = at::empty(own, e.options());
  if (!runs_direct(e, other, shape) || (kByInput && !has_small_images(shape)))
    return std::get<kBy>(  // reads `by` for its shape alone
        at::convolution_backward(e, kByInput ? by : other, kByInput ? other : by,
                                 at::OptionalIntArrayRef(), {stride, stride}, {padding, padding},
                                 {1, 1}, false, {0, 0}, 1, {kByInput, !kByInput, false}));
  const Tensor error = e.contiguous(), factor = other.contiguous();
  (kByInput ? convolve_back : correlate)(shape, error.data_ptr<float>(), factor.data_ptr<float>(),
                                         by.data_ptr<float>());
  return by;
}

// What a function of two tensors keeps for its own derivatives.
struct Operands {
  Tensor a, b;
  int64_t stride, padding;
};

void save(AutogradContext* context, const Operands& operands) {
  context->save_for_backward({operands.a, operands.b});
  context->saved_data["stride"] = operands.stride;
  context->saved_data["padding"] = operands.padding;
}

Operands saved(AutogradContext* context) {
  const Tensors tensors = context->get_saved_variables();
  return {tensors[0], tensors[1], context->saved_data["stride"].toInt(),
          context->saved_data["padding"].toInt()};
}

struct Product : Function<Product> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& w, int64_t stride,
                        int64_t padding) {
    save(context, {x, w, stride, padding});
    return compute_product(x, w, stride, padding);
  }
  static Tensors backward(AutogradContext* context, const Tensors& gradient) {
    const auto [x, w, stride, padding] = saved(context);
    const Tensor& e = gradient[0];
    Tensors by(4);
    if (context->needs_input_grad(0)) by[0] = derivative<kInput>(e, w, x.sizes(), stride, padding);
    if (context->needs_input_grad(1)) by[1] = derivative<kWeight>(e, x, w.sizes(), stride, padding);
    return by;
  }
};

template <Factor kBy>
struct Derivative : Function<Derivative<kBy>> {
  static Tensor forward(AutogradContext* context, const Tensor& e, const Tensor& other,
                        at::IntArrayRef shape, int64_t stride, int64_t padding) {
    save(context, {e, other, stride, padding});
    return compute_derivative<kBy>(e, other, shape, stride, padding);
  }
  static Tensors backward(AutogradContext* context, const Tensors& gradient) {
    constexpr Factor kOther = kBy == kInput ? kWeight : kInput;
    const auto [e, other, stride, padding] = saved(context);
    const Tensor& g = gradient[0];
    Tensors by(5);
    if (context->needs_input_grad(0))
      by[0] = product(kBy == kInput ? g : other, kBy == kInput ? other : g, stride, padding);
    if (context->needs_input_grad(1))
      by[1] = derivative<kOther>(e, g, other.sizes(), stride, padding);
    return by;
  }
};

Tensor product(const Tensor& x, const Tensor& w, int64_t stride, int64_t padding) {
  return Product::apply(x, w, stride, padding);
}

template <Factor kBy>
Tensor derivative(const Tensor& e, const Tensor& other, at::IntArrayRef shape, int64_t stride,
                  int64_t padding) {
  return Derivative<kBy>::apply(e, other, shape, stride, padding);
}

}  // namespace

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       int64_t stride, int64_t padding) {
  // An undefined tensor cannot be an argument of a Function of LibTorch 1.13: the bias stays
  // outside.
  const Tensor y = product(x, weight, stride, padding);
  return bias.defined() ? y.add(bias.view({1, -1, 1, 1})) : y;
}

}  // namespace medpfl
