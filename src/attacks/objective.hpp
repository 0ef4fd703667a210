#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace medpfl {

/// A distance between the gradient of a candidate and the observed one, with its derivative by
/// hand: engines need no graph of it.
class Objective {
 public:
  virtual ~Objective() = default;
  /// dummy, observed: [n]; writes dD/d dummy to `derivative` [n] and returns D.
  virtual double evaluate(const float* dummy, const float* observed, int64_t n,
                          float* derivative) const = 0;
};

/// Words of the option `objective`.
std::vector<std::string> objective_names();
/// l2: sum of (dummy - observed)^2 (Zhu et al. 2019). relative-l2: the same divided by the observed
/// sum of squares, so that the stopping rule means the same for weak and strong gradients.
std::unique_ptr<Objective> make_objective(const std::string& name);

}  // namespace medpfl
