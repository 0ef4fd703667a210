#include "attacks/label_fit.hpp"

#include <ATen/ops/one_hot.h>
#include <ATen/ops/softmax.h>
#include <torch/csrc/autograd/autograd.h>

#include "attacks/vector_math.hpp"

namespace medpfl {

double LabelFit::evaluate(const at::Tensor& images, const at::Tensor& labels, double weight,
                          float* gradient) const {
  const at::Tensor x = images.detach().to(model_.device()).set_requires_grad(true);
  const at::Tensor target = at::one_hot(labels.to(model_.device()), model_.classes());
  const at::Tensor value =
      at::softmax(model_.forward(weights_.current(), x), 1).sub(target).square().sum(1).mean();
  const at::Tensor pull =
      torch::autograd::grad({value}, {x})[0].to(at::kCPU, at::kFloat).contiguous();
  axpy(weight, pull.data_ptr<float>(), gradient, pull.numel());
  return value.item<double>();
}

}  // namespace medpfl
