#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "attacks/observation.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Computes what one image alone, under each class, would leave in the gradient of one bias.
/// Analytic attacks thereby test whether an image they read is one image of the batch or a mixture:
/// the loss is a mean over the batch, so a row that one image alone activates holds that image's
/// gradient divided by the batch, to float32. The test also finds the image's class.
class ImageFit {
 public:
  /// `bias` is an index into the layout. All arguments must outlive this object.
  ImageFit(const Model& model, const Observation& observation, int64_t bias);

  /// Returns the gradients of an image float32 [C, H, W] divided by the batch, float64 [classes,
  /// rows].
  at::Tensor gradients(const at::Tensor& image);
  /// Returns how many passes through the network were made so far.
  int64_t evaluations() const { return evaluations_; }

 private:
  const Model& model_;
  const Observation& observation_;
  int64_t bias_, evaluations_ = 0;
  std::vector<at::Tensor> weights_;  // on the model's device
};

/// An image that was read from a gradient.
struct ReadImage {
  at::Tensor image;            ///< float32 [C, H, W], not clamped
  std::vector<double> misfit;  ///< [classes] relative error of what it leaves there, 0: exact
  double least_misfit() const;
  /// Whether pixels are outside [0, 1] by more than rounding, so that the image must be a mixture.
  bool out_of_range() const;
};

}  // namespace medpfl
