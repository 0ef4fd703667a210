#pragma once
#include <cstdint>
#include <limits>
#include <string>

namespace medpfl {

/// How a hospital changes its images before it trains on them.
enum class ChangedImages {
  kNone,
  kMixed,     ///< each is a mixture of several
  kMirrored,  ///< the same, and pixels are mirrored at mid-gray at random
  kMoved,     ///< translated or rotated
  kOther,     ///< in a way that no attack undoes
};

/// What a defense, or a chain of them, leaves in a message that an attacker who knows the defense
/// can use. A fresh value is that of a defense that hides nothing.
struct Traces {
  bool rescaled = false;  ///< whether the length of the message is not that of the gradient
  bool noisy = false;     ///< whether noise was added to every entry, to zeros as well
  /// Standard deviation of noise, or of what rounding did, over the root mean square entry of what
  /// it is added to, where the defense fixes it; else 0.
  double relative_noise = 0;
  /// Standard deviation of the noise on an entry, where that is fixed; else 0.
  double deviation = 0;
  /// Largest L2 norm of what the noise is added to; infinity: there is no bound.
  double bound = std::numeric_limits<double>::infinity();
  bool signs = false;         ///< whether nothing is left of entries but their signs
  bool zeros = false;         ///< whether entries are zero that were not
  bool random_layer = false;  ///< whether the network adds noise to what its head sees
  ChangedImages images = ChangedImages::kNone;
  double own_weight = 1;  ///< mean weight of an image in its own mixture
  double shift = 0;       ///< largest translation of an image, as a share of its side
  double angle = 0;       ///< largest rotation of an image, in degrees

  /// Whether entries are off by noise or by coarse rounding.
  bool inexact() const { return noisy || relative_noise > 0; }
  /// Returns the norm of the noise over that of the gradient, for messages of so many entries: the
  /// least that it can be. Returns 0 where nothing is known of it.
  double noise_ratio(int64_t entries) const;
};

/// Returns what no attack here has a measure against, in words, such as "mixtures of images"; "":
/// attacks may answer all. Where such an attack fails, that says nothing of the defense.
std::string unanswered(const Traces& traces);

/// Returns the traces of noise of this standard deviation on every entry.
Traces noise_traces(double deviation);

/// Returns the traces of a chain after a further defense.
Traces after(Traces before, const Traces& defense);

}  // namespace medpfl
