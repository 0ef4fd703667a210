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

/// Which distance is used, and which part of the gradients it compares.
struct DistanceOptions {
  std::string distance = "l2";          ///< a word of distance_names()
  std::string kernel_sigma = "global";  ///< variance of the kernel: global, per-layer or a number
  ViewOptions view = {};
};

/// Returns the options of a distance, the first of which is `objective`.
OptionTable<DistanceOptions> distance_options();

/// Returns the words of the option `objective`. With d the candidate's gradient and o the observed
/// one: l2: sum (d - o)^2 (Zhu et al. 2019). relative-l2: the same divided by sum o^2, so that the
/// stopping rule means the same for weak and strong gradients. norms: sum over tensors of ||d - o||
/// (Hatamizadeh et al. 2022, arXiv 2202.06924). l1: sum |d - o|. cosine: 1 - d.o /
/// (|d| |o|) (Geiping et al. 2020). kernel: sum over layers, or once over all, of
/// 1 - exp(-mean (d - o)^2 / sigma) (arXiv 2204.13808).
std::vector<std::string> distance_names();

/// Returns the distance from `observed`, of which it keeps a copy. Throws ConfigError for an
/// unknown name, a pattern that matches nothing, and where all tensors are excluded.
std::unique_ptr<GradientDistance> make_gradient_distance(const DistanceOptions& options,
                                                         const FlatParameters& observed);

}  // namespace medpfl
