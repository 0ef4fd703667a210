#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "core/flat_parameters.hpp"
#include "models/device_views.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Throws ConfigError for a network with batch normalization in train mode, where the gradient of
/// an example depends on the others, and for a network with a bottleneck, whose noise and
/// divergence ExampleGradients does not compute.
void require_example_gradients(const Model& model);

/// Sums the gradients of single examples, each clipped to one L2 norm over all layers (Abadi et al.
/// 2016, arXiv:1607.00133), from one forward and one backward pass over the batch. With a layer's
/// input a and output error e of example b, dense layers have the norm |a||e| (Goodfellow 2015,
/// arXiv:1510.01799); convolutions that of e unfold(a)^T, either from the product, which is not
/// kept, or from the Gram matrices of both over pixels, whichever takes fewer operations (Bu et al.
/// 2022, arXiv:2205.10683); norms have gradients small enough to keep. The sums then follow from
/// the same inputs and errors, scaled, without a second backward pass.
class ExampleGradients {
 public:
  /// Both arguments must outlive this object; the weights may change between calls. Throws what
  /// require_example_gradients throws.
  ExampleGradients(const Model& model, const FlatParameters& weights);

  /// Fills `sum` with sum_b g_b min(1, bound / |g_b|), where g_b is the gradient of example b's
  /// cross entropy, and 0 for statistics; fills `norms`, unless null, with the |g_b|. Returns the
  /// mean cross entropy in nats. images: float32 [B, C, H, W], labels: int64 [B], B > 0. Throws
  /// NumericError where a norm is not finite.
  double clipped_sum(const at::Tensor& images, const at::Tensor& labels, double bound,
                     FlatParameters* sum, std::vector<double>* norms = nullptr) const;

 private:
  const Model& model_;
  DeviceViews weights_;
};

}  // namespace medpfl
