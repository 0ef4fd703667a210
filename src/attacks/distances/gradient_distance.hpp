#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"
#include "core/option_table.hpp"

namespace medpfl {

/// A distance D between gradients, and the step that was taken along its derivative.
struct Move {
  double value = 0, step = 0;
};

/// A distance between the gradient of a candidate and the observed one, with its derivative by
/// hand: engines need no graph of it.
class GradientDistance {
 public:
  virtual ~GradientDistance() = default;
  /// Returns the distance D of `dummy`, the candidate's gradient, and writes dD/d dummy to
  /// `derivative`, which may be `dummy` itself. Both are as long as the observed gradient.
  virtual double evaluate(const float* dummy, float* derivative) const = 0;
  /// Sets out = from + step * dD/d dummy, with the step for which `out` is `length` away from
  /// `from`; the step is 1 where the derivative is zero. All arrays have n parameters; `out` may be
  /// `dummy`.
  virtual Move move(const float* dummy, const float* from, double length, int64_t n,
                    float* out) const;
};

/// Which part of the gradients is compared. Everything is decided by the observed gradient.
struct ViewOptions {
  std::vector<std::string> exclude;  ///< parameter tensors left out: names and patterns
  int64_t top_layers = 0;            ///< tensors compared, those of largest observed norm; 0: all
  double top_entries = 100;  ///< share of the entries compared, the largest ones, in percent
  bool nonzero = false;      ///< whether only entries that are not zero are compared
  double noise = 0;          ///< known standard deviation of noise on each entry
};

/// A distance of the candidate's gradient d from the observed one o.
enum class DistanceKind {
  kL2,          ///< sum (d - o)^2 (Zhu et al. 2019)
  kRelativeL2,  ///< kL2 / sum o^2, so that the stopping rule means the same for weak gradients
  kNorms,       ///< sum over tensors of ||d - o|| (Hatamizadeh et al. 2022, arXiv 2202.06924)
  kL1,          ///< sum |d - o|
  kCosine,      ///< 1 - d.o / (|d| |o|) (Geiping et al. 2020)
  kKernel       ///< sum over groups of entries, 1 - exp(-mean (d - o)^2 / sigma) (arXiv 2204.13808)
};
const Words<DistanceKind>& words_of(DistanceKind);

// Values of kernel_sigma that are no number: sigma is the variance of the observed gradient, in one
// group or in a group for each layer.
inline constexpr double kKernelGlobal = 0, kKernelPerLayer = -1;

/// Which distance is used, and which part of the gradients it compares.
struct DistanceOptions {
  DistanceKind distance = DistanceKind::kL2;
  double kernel_sigma = kKernelGlobal;  ///< of kKernel; above 0: sigma itself, of one group
  ViewOptions view = {};
};

/// Returns the options of a distance, the first of which is `objective`.
OptionTable<DistanceOptions> distance_options();

/// Returns the distance from `observed`, of which it keeps a copy. Throws ConfigError for a
/// pattern that matches nothing, and where all tensors are excluded.
std::unique_ptr<GradientDistance> make_gradient_distance(const DistanceOptions& options,
                                                         const FlatParameters& observed);

}  // namespace medpfl
