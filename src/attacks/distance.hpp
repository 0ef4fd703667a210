#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace medpfl {

/// A distance of two vectors, with its derivative by the first.
class Distance {
 public:
  virtual ~Distance() = default;
  /// dummy, derivative: as long as the observed vector.
  virtual double evaluate(const float* dummy, float* derivative) const = 0;
};

/// A word of objective_names(), against a copy of `observed`, whose layers begin at `bounds`
/// [layers + 1]. `kernel_sigma`: see ObjectiveOptions. Throws ConfigError for an unknown name.
std::unique_ptr<Distance> make_distance(const std::string& name, std::vector<float> observed,
                                        const std::vector<int64_t>& bounds,
                                        const std::string& kernel_sigma);

}  // namespace medpfl
