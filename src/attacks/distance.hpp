#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attacks/objective.hpp"

namespace medpfl {

/// A distance of a vector from an observed one, with its derivative by the former.
class Distance {
 public:
  explicit Distance(std::vector<float> observed) : observed_(std::move(observed)) {}
  virtual ~Distance() = default;
  /// dummy, derivative: as long as the observed vector; they may be one.
  virtual double evaluate(const float* dummy, float* derivative) const = 0;
  /// As Objective::move; in fewer passes over memory where a distance knows the length of its
  /// derivative beforehand.
  virtual Move move(const float* dummy, const float* from, double length, float* out) const;
  int64_t size() const { return static_cast<int64_t>(observed_.size()); }

 protected:
  const float* observed() const { return observed_.data(); }

 private:
  std::vector<float> observed_;
};

/// from + step * direction in place of `direction` [n]: see Objective::move. Returns the step.
double move_along(const float* from, double length, int64_t n, float* direction);

/// A word of objective_names(), against a copy of `observed`, whose layers begin at `bounds`
/// [layers + 1]. `kernel_sigma`: see ObjectiveOptions. Throws ConfigError for an unknown name.
std::unique_ptr<Distance> make_distance(const std::string& name, std::vector<float> observed,
                                        const std::vector<int64_t>& bounds,
                                        const std::string& kernel_sigma);

}  // namespace medpfl
