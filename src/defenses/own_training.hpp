#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "core/flat_parameters.hpp"
#include "models/model.hpp"

namespace medpfl {

/// What a hospital knows of the training behind its message, for defenses that look at it. This
/// never leaves the hospital: no observation holds it.
struct OwnTraining {
  const Model& model;
  const FlatParameters& weights;  ///< the global model at the start of the round
  int64_t count = 0;              ///< images behind the message; of several epochs, the first's
  /// Returns images first ... end-1 of those, float32 [end - first, C, H, W] in [0, 1].
  std::function<at::Tensor(int64_t first, int64_t end)> images;
};

}  // namespace medpfl
