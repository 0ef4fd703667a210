#pragma once
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"
#include "core/options.hpp"

namespace medpfl {

/// The strength of additive noise as the options `scale` and `relative` give it. The noise
/// parameter of an update u of P entries (sigma of Gaussian noise, b of Laplace noise) is
///   absolute: scale
///   norm:     scale * ||u||_2 / sqrt(P), so relative to the root mean square entry of u
///   p95:      scale * q, where q is the 95th percentile of |u_i| (nearest rank: the least entry
///             that at least 95 % of the entries do not exceed)
/// Both relative forms depend on the data, so the noise is no differentially private mechanism.
class NoiseScale {
 public:
  /// `what` names the parameter in the help, as "standard deviation".
  static std::vector<OptionSpec> options(const std::string& what);
  explicit NoiseScale(const OptionValues& own);

  /// The noise parameter for this update; 0 for an update that is all zero where relative. Throws
  /// NumericError where relative and the update is not finite, or its 95th percentile is 0 though
  /// the update is not: the defense would silently do nothing.
  double of(const FlatParameters& update) const;
  /// Whether every update gets the same, value().
  bool absolute() const { return relative_ == "absolute"; }
  double value() const { return scale_; }
  /// "scale=0.01 relative=norm".
  std::string describe() const;

 private:
  double scale_;
  std::string relative_;
};

}  // namespace medpfl
