#include "models/device_views.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <utility>

namespace medpfl {

DeviceViews::DeviceViews(at::Device device, const FlatParameters& parameters, bool requires_grad)
    : parameters_(parameters) {
  if (device == at::Device(at::kCPU)) {
    views_ = parameters.views(requires_grad);
    return;
  }
  copy_ = parameters.buffer().to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  for (const ParameterLayout::Entry& entry : parameters.layout().entries())
    views_.push_back(copy_.narrow(0, entry.offset, entry.size)
                         .view(entry.shape)
                         .detach()
                         .set_requires_grad(requires_grad && !entry.statistic));
}

const std::vector<at::Tensor>& DeviceViews::current() const {
  if (copy_.defined()) {
    at::NoGradGuard no_graph;
    copy_.copy_(parameters_.buffer());
  }
  return views_;
}

std::vector<at::Tensor> DeviceViews::parameters() const {
  return {views_.begin(), views_.begin() + parameters_.layout().trainable_count()};
}

void DeviceViews::collect(const std::vector<at::Tensor>& tensors, FlatParameters* out) const {
  if (!copy_.defined()) {
    out->assign(tensors);
    return;
  }
  std::vector<at::Tensor> flat;
  for (const at::Tensor& tensor : tensors) flat.push_back(tensor.detach().reshape(-1));
  const at::Tensor values = at::cat(flat);
  out->buffer().narrow(0, 0, values.numel()).copy_(values);
}

GradientPlaces::GradientPlaces(std::vector<at::Tensor> parameters, FlatParameters* out)
    : parameters_(std::move(parameters)) {
  for (size_t i = 0; i < parameters_.size(); ++i)
    if (parameters_[i].is_cpu()) parameters_[i].mutable_grad() = out->view(static_cast<int64_t>(i));
}

GradientPlaces::~GradientPlaces() {
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
}

}  // namespace medpfl
