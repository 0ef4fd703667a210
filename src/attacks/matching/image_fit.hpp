#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "attacks/observation.hpp"
#include "models/device_views.hpp"
#include "models/model.hpp"

namespace medpfl {

/// What each image alone, under each class, would leave in the gradient of one bias. Analytic
/// attacks test by it whether an image they read is one image of the batch or a mixture: the loss
/// is a mean over the batch, so a row that one image alone activates holds that image's gradient
/// divided by the batch, to float32. It also tells the class.
class ImageFit {
 public:
  /// `bias`: index into the layout. All arguments must outlive this object.
  ImageFit(const Model& model, const Observation& observation, int64_t bias);

  /// image: float32 [C, H, W] -> float64 [classes, rows], the gradient divided by the batch.
  at::Tensor gradients(const at::Tensor& image);
  /// Passes through the network made so far.
  int64_t evaluations() const { return evaluations_; }

 private:
  const Model& model_;
  const Observation& observation_;
  int64_t bias_, evaluations_ = 0;
  DeviceViews weights_;
};

/// An image that was read from a gradient.
struct ReadImage {
  at::Tensor image;            ///< float32 [C, H, W], not clamped
  std::vector<double> misfit;  ///< [classes] relative error of what it leaves there, 0: exact
  double least_misfit() const;
  /// Whether pixels lie outside [0, 1] by more than rounding: then it is a mixture for certain.
  bool out_of_range() const;
};

}  // namespace medpfl
