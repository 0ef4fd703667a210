#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "core/flat_parameters.hpp"

namespace medpfl {

/// The tensors of a flat buffer on the device where a model computes. On the CPU they share the
/// buffer's memory; on another device they are views of one copy, so that a buffer is copied whole.
class DeviceViews {
 public:
  /// Makes the views of `parameters`, which must outlive this object. With `requires_grad` the
  /// views of parameters, but not of statistics, are leaves of autograd.
  DeviceViews(at::Device device, const FlatParameters& parameters, bool requires_grad);

  /// Returns all views, with the current values of the buffer.
  const std::vector<at::Tensor>& current() const;
  /// Returns the views of the parameters alone, without statistics.
  std::vector<at::Tensor> parameters() const;
  /// Copies tensors from the device into the first entries of a flat buffer of the same layout;
  /// tensors that already are those entries are not copied.
  void collect(const std::vector<at::Tensor>& tensors, FlatParameters* out) const;

 private:
  const FlatParameters& parameters_;
  at::Tensor copy_;  // undefined where memory is shared
  std::vector<at::Tensor> views_;
};

/// While this object lives, convolutions on the CPU write the gradients of their weights directly
/// into `out`, where DeviceViews::collect finds them, which saves a pass over memory. For one
/// backward pass that meets each weight once. On other devices nothing changes.
class GradientPlaces {
 public:
  /// `parameters`: leaves of autograd in the order of `out`, which must outlive this object.
  GradientPlaces(std::vector<at::Tensor> parameters, FlatParameters* out);
  ~GradientPlaces();
  GradientPlaces(const GradientPlaces&) = delete;
  GradientPlaces& operator=(const GradientPlaces&) = delete;

 private:
  std::vector<at::Tensor> parameters_;
};

}  // namespace medpfl
