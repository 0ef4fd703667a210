#pragma once
#include <cstdint>
#include <limits>

namespace medpfl {

/// The privacy mechanism that a chain of defenses amounts to, for the accountant: a bound on the
/// norm of a hospital's update, and the noise added to the update.
struct Guarantee {
  enum class Noise { kNone, kGaussian, kLaplace };
  /// Largest L2 norm that the update can have before noise; infinity: there is no bound.
  double bound = std::numeric_limits<double>::infinity();
  Noise noise = Noise::kNone;
  /// Strength of the noise relative to the bound. Gaussian: standard deviation / bound. Laplace:
  /// scale b / largest L1 norm, which is bound * sqrt(parameters).
  double multiplier = 0;
};

/// The update that a guarantee is asked for: whose, of which round and of how many entries.
struct GuaranteeContext {
  uint64_t budget_seed = 0;       ///< seed from which personal budgets are drawn
  int64_t round = 0, rounds = 1;  ///< the round, from 0, and how many the run has
  int64_t client = 0;
  int64_t parameters = 1;
};

/// Returns the guarantee after a defense that scales the update to an L2 norm of at most `bound`.
/// Once noise is added a guarantee no longer changes, as long as later defenses use nothing
/// private, which DefenseChain checks.
Guarantee after_clipping(Guarantee before, double bound);
/// Return the guarantee after Gaussian noise of this standard deviation, or Laplace noise of this
/// scale b, in every entry. Of several noises the first counts. Noise without a bound before it
/// guarantees nothing.
Guarantee after_gaussian(Guarantee before, double deviation);
Guarantee after_laplace(Guarantee before, double scale, int64_t parameters);
/// Returns the guarantee after any other defense, which may increase the norm of the update.
Guarantee after_unbounded(Guarantee before);

}  // namespace medpfl
