#pragma once
#include <string>

#include "core/flat_parameters.hpp"
#include "core/option_table.hpp"
#include "defenses/traces.hpp"

namespace medpfl {

/// The unit in which the scale of additive noise is given (see NoiseScale).
enum class NoiseUnit { kAbsolute, kNorm, kP95 };
const Words<NoiseUnit>& words_of(NoiseUnit);

/// The strength of additive noise as the options `scale` and `relative` give it. The noise
/// parameter of an update u of P entries (sigma of Gaussian noise, b of Laplace noise) is
///   absolute: scale
///   norm:     scale * ||u||_2 / sqrt(P), so relative to the root mean square entry of u
///   p95:      scale * q, where q is the 95th percentile of |u_i| (nearest rank: the least entry
///             that at least 95 % of the entries do not exceed)
/// Both relative forms depend on the data, so the noise is no differentially private mechanism.
struct NoiseScale {
  double scale = 0.01;
  NoiseUnit relative = NoiseUnit::kAbsolute;

  /// Returns the noise parameter for this update. Where the scale is relative, returns 0 for an
  /// update that is all zero, and throws NumericError where the update is not finite, or where its
  /// 95th percentile is 0 though the update is not: the defense would silently do nothing.
  double of(const FlatParameters& update) const;
  /// Whether every update gets the same noise parameter, `scale`.
  bool absolute() const { return relative == NoiseUnit::kAbsolute; }
  /// Returns the traces of noise whose standard deviation is `factor` times the noise parameter.
  /// Under p95 entries are taken for normally distributed.
  Traces traces(double factor) const;
  /// Returns the options with their values, as "scale=0.01 relative=norm".
  std::string describe() const;
};

/// Returns the options `scale` and `relative`. `what` names the noise parameter in their help, as
/// "standard deviation".
OptionTable<NoiseScale> noise_scale_options(const std::string& what);

}  // namespace medpfl
