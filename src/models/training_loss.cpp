#include "models/training_loss.hpp"

#include <ATen/ops/cross_entropy_loss.h>

namespace medpfl {

at::Tensor training_loss(const at::Tensor& logits, const at::Tensor& labels, int64_t reduction) {
  return at::cross_entropy_loss(logits, labels.to(logits.device()), {}, reduction);
}

}  // namespace medpfl
