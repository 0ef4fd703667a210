#pragma once
#include <cstdint>
#include <limits>

namespace medpfl {

/// What bounds how much an update tells of the hospital that sends it, as it comes out of a
/// defense: the mechanism that a chain amounts to, for the accountant.
struct Guarantee {
  enum class Noise { kNone, kGaussian, kLaplace };
  /// Largest L2 norm that the update can have, before any noise; infinite: nothing bounds it.
  double bound = std::numeric_limits<double>::infinity();
  Noise noise = Noise::kNone;
  /// Gaussian: standard deviation over bound. Laplace: b over the largest L1 norm, which is
  /// bound * sqrt(parameters).
  double multiplier = 0;
};

/// Whose update it is, and of how many entries.
struct GuaranteeContext {
  uint64_t budget_seed = 0;  ///< of personal budgets
  int64_t round = 0, rounds = 1;
  int64_t client = 0;
  int64_t parameters = 1;
};

/// After a step that scales the update to an L2 norm of at most `bound`. Behind noise nothing
/// changes any more, as long as what is done there uses nothing private: DefenseChain sees to that.
Guarantee after_clipping(Guarantee before, double bound);
/// After noise of this standard deviation, or of Laplace scale b, in every entry; the first of
/// several counts. Without a bound it guarantees nothing.
Guarantee after_gaussian(Guarantee before, double deviation);
Guarantee after_laplace(Guarantee before, double scale, int64_t parameters);
/// After anything else, which may make the update longer.
Guarantee after_unbounded(Guarantee before);

}  // namespace medpfl
