#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "attacks/matching_settings.hpp"
#include "attacks/observation.hpp"
#include "models/model.hpp"

namespace medpfl {

/// A named part of the attacker's objective besides the distance of gradients.
struct Term {
  /// The term's value R at images float32 [B, C, H, W]; adds weight * dR/d images to `gradient`, as
  /// long.
  using Function = std::function<double(const at::Tensor& images, double weight, float* gradient)>;

  std::string name;  ///< of the option that gives its weight
  double weight = 0;
  Function evaluate;
};

/// The terms whose weight is not 0, in the order of their options. `labels`: those the attacker
/// works with. All other arguments must outlive them.
std::vector<Term> make_terms(const MatchingSettings& settings, const Model& model,
                             const Observation& observation, const std::vector<int64_t>& labels);

}  // namespace medpfl
