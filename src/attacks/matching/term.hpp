#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

namespace medpfl {

/// A named part of the attacker's objective besides the distance of gradients.
struct Term {
  /// Returns the term's value R at images float32 [B, C, H, W] and adds weight * dR/d images to
  /// `gradient`, which is as long.
  using Function = std::function<double(const at::Tensor& images, double weight, float* gradient)>;

  std::string name;  ///< name of the option that gives its weight
  double weight = 0;
  Function evaluate;
};

}  // namespace medpfl
