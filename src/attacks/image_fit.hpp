#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "attacks/attack.hpp"
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

/// Words of the option `labels` of analytic attacks: `fit`, and the rules that need no optimizer.
std::vector<std::string> read_label_rules();

/// The rule that holds for attack `name`: attack.labels, unless it says auto. Throws ConfigError
/// for joint, which needs an optimizer.
std::string read_rule(const OptionValues& own, const AttackRequest& request,
                      const std::string& name);

/// Labels of images as read: `fit` takes the class of least misfit of each; another rule's labels
/// are dealt to the images for the least total misfit.
std::vector<int64_t> read_labels(const std::string& rule, const Model& model,
                                 const Observation& observation,
                                 const std::vector<ReadImage>& images);

}  // namespace medpfl
