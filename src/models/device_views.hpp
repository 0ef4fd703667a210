#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "core/flat_parameters.hpp"

namespace medpfl {

/// The tensors of a flat buffer where a model computes. On the CPU they share the buffer's memory;
/// on another device they are views of one copy, so that a buffer crosses as a whole.
class DeviceViews {
 public:
  /// `parameters` must outlive this object. With `requires_grad` the views of parameters, but not
  /// of statistics, are leaves of autograd.
  DeviceViews(at::Device device, const FlatParameters& parameters, bool requires_grad);

  /// The views, with the values the buffer has now.
  const std::vector<at::Tensor>& current() const;
  /// Those of the parameters alone.
  std::vector<at::Tensor> parameters() const;
  /// Copies tensors from the device into the first entries of a flat buffer of the same layout;
  /// those that are there already stay.
  void collect(const std::vector<at::Tensor>& tensors, FlatParameters* out) const;

 private:
  const FlatParameters& parameters_;
  at::Tensor copy_;  // undefined where memory is shared
  std::vector<at::Tensor> views_;
};

/// While this lives, convolutions write the gradients of their weights into `out` as they compute
/// them, where collect() finds them: a pass over memory less. For one backward pass that meets each
/// weight once. On other devices nothing changes.
class GradientPlaces {
 public:
  /// parameters: leaves, in the order of `out`, which must outlive this object.
  GradientPlaces(std::vector<at::Tensor> parameters, FlatParameters* out);
  ~GradientPlaces();
  GradientPlaces(const GradientPlaces&) = delete;
  GradientPlaces& operator=(const GradientPlaces&) = delete;

 private:
  std::vector<at::Tensor> parameters_;
};

}  // namespace medpfl
