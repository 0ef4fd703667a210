#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "core/flat_parameters.hpp"
#include "models/model.hpp"

namespace medpfl {

/// What a hospital knows of where its message came from, for defenses that look at it. It stays
/// with the hospital: no observation holds it.
struct OwnTraining {
  const Model& model;
  const FlatParameters& weights;  ///< the global model, as the round began
  int64_t count = 0;              ///< images behind the message; of several epochs, the first's
  /// Images first ... end-1 of them, float32 [end - first, C, H, W] in [0, 1]. Read on demand.
  std::function<at::Tensor(int64_t first, int64_t end)> images;
};

}  // namespace medpfl
