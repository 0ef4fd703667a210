#pragma once
#include <cstdint>
#include <functional>

#include "core/archive.hpp"

namespace medpfl {

/// Lowers a function of a flat float32 vector x [n].
class Optimizer {
 public:
  /// Returns the objective at x [n] and writes its gradient [n].
  using Function = std::function<double(const float* x, float* gradient)>;
  enum class Status {
    kRunning,
    kFlat,       ///< the gradient of the objective is zero, or below tolerance
    kStalled,    ///< no descent was found from here
    kNotFinite,  ///< the objective became NaN or infinite
  };
  virtual ~Optimizer() = default;

  /// Makes one iteration from x [n], in place.
  virtual Status step(const Function& function, float* x) = 0;
  /// Must be called after something else moved x between steps.
  virtual void moved() = 0;
  /// Returns the objective at the last point that was accepted and evaluated.
  virtual double value() const = 0;
  virtual int64_t evaluations() const = 0;
  /// Writes or reads the optimizer's state, with which it goes on to the same bits from the same x.
  /// Throws FormatError where the state is for another n.
  virtual void keep(Archive& a) = 0;
};

}  // namespace medpfl
