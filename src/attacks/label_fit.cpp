#include "attacks/label_fit.hpp"

#include <ATen/ops/one_hot.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

#include <memory>

#include "attacks/vector_math.hpp"
#include "models/device_views.hpp"

namespace medpfl {

Term label_fit_term(double weight, const Model& model, const Observation& observation,
                    const std::vector<int64_t>& labels) {
  const auto weights = std::make_shared<DeviceViews>(model.device(), observation.weights, false);
  const at::Tensor target =
      at::one_hot(at::tensor(labels, at::kLong).to(model.device()), model.classes());
  const auto evaluate = [&model, weights, target](const at::Tensor& images, double factor,
                                                  float* gradient) {
    const at::Tensor x = images.detach().to(model.device()).set_requires_grad(true);
    const at::Tensor value =
        at::softmax(model.forward(weights->current(), x), 1).sub(target).square().sum(1).mean();
    const at::Tensor pull =
        torch::autograd::grad({value}, {x})[0].to(at::kCPU, at::kFloat).contiguous();
    axpy(factor, pull.data_ptr<float>(), gradient, pull.numel());
    return value.item<double>();
  };
  return {"label_fit", weight, evaluate};
}

}  // namespace medpfl
