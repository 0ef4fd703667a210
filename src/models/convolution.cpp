#include "models/convolution.hpp"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>

// GCC 14 takes the first growth of a std::vector<bool> in Function::apply for a copy out of bounds
// (with LibTorch 2.6). Where such reports are silenced, the lines of this header count.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#include <torch/csrc/autograd/custom_function.h>
#pragma GCC diagnostic pop

#include <tuple>
#include <vector>

#include "kernels/direct_convolution.hpp"
#include "kernels/winograd.hpp"

namespace medpfl {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using Tensors = torch::autograd::variable_list;

// Larger batches and images pay for LibTorch's copies in another order (decision 16). The
// derivative by the weights needs more of them than the other two, whatever the image.
constexpr int64_t kDirectBatch = 4, kDirectImage = 1 << 15;

bool fit(const Tensor& a, const Tensor& b) {
  const auto fits = [](const Tensor& t) {
    return t.is_cpu() && t.scalar_type() == at::kFloat && t.numel() > 0;
  };
  return fits(a) && fits(b);
}

bool runs_direct(const ConvolutionShape& shape, const Tensor& a, const Tensor& b) {
  return have_direct_convolution() && shape.batch <= kDirectBatch && fit(a, b);
}

bool has_small_images(const ConvolutionShape& shape) {
  return shape.channels * shape.height * shape.width <= kDirectImage;
}

// Weights as Winograd's products read them: undefined where others run.
struct Transformed {
  Tensor weights;
};

bool runs_winograd(const ConvolutionShape& shape, const Tensor& a, const Tensor& b) {
  return have_winograd(shape) && fit(a, b);
}

Transformed transform(const ConvolutionShape& shape, const Tensor& x, const Tensor& w) {
  if (!runs_winograd(shape, x, w)) return {};
  Tensor transformed = at::empty({winograd_weights_size(shape)}, w.options());
  transform_weights(shape, w.contiguous().data_ptr<float>(), transformed.data_ptr<float>());
  return {transformed};
}

const float* numbers(const Tensor& t) { return t.data_ptr<float>(); }

// y = x * w.
Tensor compute_product(const ConvolutionShape& shape, const Tensor& x, const Tensor& w,
                       const Transformed& transformed) {
  const bool winograd = transformed.weights.defined();
  if (!winograd && !(runs_direct(shape, x, w) && has_small_images(shape)))
    return at::conv2d(x, w, {}, shape.stride, shape.padding);
  Tensor y =
      at::empty({shape.batch, shape.outputs, shape.out_height(), shape.out_width()}, x.options());
  const Tensor image = x.contiguous(), weights = winograd ? transformed.weights : w.contiguous();
  (winograd ? winograd_convolve : convolve)(shape, numbers(image), numbers(weights),
                                            y.data_ptr<float>());
  return y;
}

Tensor libtorch_derivative(const ConvolutionShape& shape, const Tensor& e, const Tensor& x,
                           const Tensor& w, bool by_input) {
  const auto both = at::convolution_backward(
      e, x, w, at::OptionalIntArrayRef(), {shape.stride, shape.stride},
      {shape.padding, shape.padding}, {1, 1}, false, {0, 0}, 1, {by_input, !by_input, false});
  return by_input ? std::get<0>(both) : std::get<1>(both);
}

// dL/dx of e = dL/dy.
Tensor compute_by_input(const ConvolutionShape& shape, const Tensor& e, const Tensor& w,
                        const Transformed& transformed) {
  const bool winograd = transformed.weights.defined();
  Tensor dx = at::empty({shape.batch, shape.channels, shape.height, shape.width}, e.options());
  if (!winograd && !(runs_direct(shape, e, w) && has_small_images(shape)))
    return libtorch_derivative(shape, e, dx, w, true);  // reads dx for its shape alone
  const Tensor error = e.contiguous(), weights = winograd ? transformed.weights : w.contiguous();
  (winograd ? winograd_convolve_back : convolve_back)(shape, numbers(error), numbers(weights),
                                                      dx.data_ptr<float>());
  return dx;
}

// Where dL/dw is to be written; undefined: wherever.
struct Place {
  Tensor weights;
};

// dL/dw of e = dL/dy.
Tensor compute_by_weights(const ConvolutionShape& shape, const Tensor& e, const Tensor& x,
                          const Place& place) {
  // An alias, which autograd may know as a result while the place itself stays no part of a graph.
  Tensor dw =
      place.weights.defined()
          ? place.weights.detach()
          : at::empty({shape.outputs, shape.channels, shape.kernel, shape.kernel}, e.options());
  const bool winograd = runs_winograd(shape, e, x);
  if (!winograd && !runs_direct(shape, e, x)) return libtorch_derivative(shape, e, x, dw, false);
  const Tensor error = e.contiguous(), image = x.contiguous();
  (winograd ? winograd_correlate : correlate)(shape, numbers(error), numbers(image),
                                              dw.data_ptr<float>());
  return dw;
}

// y = x * w is bilinear, and so are its derivatives, given e = dL/dy: by x in (e, w), by w in
// (e, x). Each of the three is differentiated by the other two.
Tensor product(const ConvolutionShape& shape, const Tensor& x, const Tensor& w,
               const Transformed& transformed);
Tensor by_input(const ConvolutionShape& shape, const Tensor& e, const Tensor& w,
                const Transformed& transformed);
Tensor by_weights(const ConvolutionShape& shape, const Tensor& e, const Tensor& x,
                  const Place& place);

// What a function of two tensors keeps for its own derivatives.
struct Operands {
  ConvolutionShape shape;
  Tensor a, b;
  Transformed transformed;
};

void save(AutogradContext* context, const Operands& operands) {
  const ConvolutionShape& s = operands.shape;
  context->save_for_backward({operands.a, operands.b, operands.transformed.weights});
  context->saved_data["shape"] = std::vector<int64_t>{s.batch,   s.channels, s.height, s.width,
                                                      s.outputs, s.kernel,   s.stride, s.padding};
}

Operands saved(AutogradContext* context) {
  const Tensors tensors = context->get_saved_variables();
  const std::vector<int64_t> s = context->saved_data["shape"].toIntVector();
  return {{s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]}, tensors[0], tensors[1], {tensors[2]}};
}

// Derivatives by the two tensors among the arguments, which are at most four.
template <typename A, typename B>
Tensors derivatives(AutogradContext* context, const A& a, const B& b) {
  Tensors by(4);
  if (context->needs_input_grad(0)) by[1] = a();
  if (context->needs_input_grad(1)) by[2] = b();
  return by;
}

struct Product : Function<Product> {
  static Tensor forward(AutogradContext* context, const ConvolutionShape& shape, const Tensor& x,
                        const Tensor& w, const Transformed& transformed) {
    save(context, {shape, x, w, transformed});
    return compute_product(shape, x, w, transformed);
  }
  static Tensors backward(AutogradContext* context, const Tensors& gradient) {
    const Operands own = saved(context);
    const Place place = {own.b.is_leaf() ? own.b.grad() : Tensor()};
    return derivatives(
        context, [&] { return by_input(own.shape, gradient[0], own.b, own.transformed); },
        [&] { return by_weights(own.shape, gradient[0], own.a, place); });
  }
};

struct ByInput : Function<ByInput> {
  static Tensor forward(AutogradContext* context, const ConvolutionShape& shape, const Tensor& e,
                        const Tensor& w, const Transformed& transformed) {
    save(context, {shape, e, w, transformed});
    return compute_by_input(shape, e, w, transformed);
  }
  static Tensors backward(AutogradContext* context, const Tensors& gradient) {
    const Operands own = saved(context);
    return derivatives(
        context, [&] { return product(own.shape, gradient[0], own.b, own.transformed); },
        [&] { return by_weights(own.shape, own.a, gradient[0], {}); });
  }
};

struct ByWeights : Function<ByWeights> {
  static Tensor forward(AutogradContext* context, const ConvolutionShape& shape, const Tensor& e,
                        const Tensor& x, const Place& place) {
    save(context, {shape, e, x, {}});
    return compute_by_weights(shape, e, x, place);
  }
  static Tensors backward(AutogradContext* context, const Tensors& gradient) {
    const Operands own = saved(context);
    const Transformed transformed = transform(own.shape, own.b, gradient[0]);
    return derivatives(
        context, [&] { return product(own.shape, own.b, gradient[0], transformed); },
        [&] { return by_input(own.shape, own.a, gradient[0], transformed); });
  }
};

Tensor product(const ConvolutionShape& shape, const Tensor& x, const Tensor& w,
               const Transformed& transformed) {
  return Product::apply(shape, x, w, transformed);
}

Tensor by_input(const ConvolutionShape& shape, const Tensor& e, const Tensor& w,
                const Transformed& transformed) {
  return ByInput::apply(shape, e, w, transformed);
}

Tensor by_weights(const ConvolutionShape& shape, const Tensor& e, const Tensor& x,
                  const Place& place) {
  return ByWeights::apply(shape, e, x, place);
}

}  // namespace

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       int64_t stride, int64_t padding) {
  const ConvolutionShape shape = {x.size(0),      x.size(1),      x.size(2), x.size(3),
                                  weight.size(0), weight.size(2), stride,    padding};
  // An undefined tensor cannot be an argument of a Function of LibTorch 1.13: the bias stays
  // outside.
  const Tensor y = product(shape, x, weight, transform(shape, x, weight));
  return bias.defined() ? y.add(bias.view({1, -1, 1, 1})) : y;
}

}  // namespace medpfl
