#pragma once
#include <memory>

#include "core/archive.hpp"
#include "core/flat_parameters.hpp"
#include "federation/settings.hpp"

namespace medpfl {

/// Moves the global model w along the change d that the hospitals propose on average, with
/// server_learning_rate as eta. The optimizer keeps state from round to round, on rank 0.
///   sgd:      w += eta d
///   momentum: m = b1 m + d;  w += eta m  (Hsu, Qi, Brown 2019, arXiv 1909.06335)
///   adam:     m = b1 m + (1-b1) d;  v = b2 v + (1-b2) d^2;  w += eta m / (sqrt(v) + tau)
///   yogi:     the same, but v -= (1-b2) d^2 sign(v - d^2)
/// adam and yogi as in Reddi et al., ICLR 2021, arXiv 2003.00295: no bias correction, v starts at
/// tau^2.
class ServerOptimizer {
 public:
  virtual ~ServerOptimizer() = default;
  /// Moves the parameters of `global` for d = change_per_update * mean; running statistics stay as
  /// they are.
  virtual void step(const FlatParameters& mean, double change_per_update,
                    FlatParameters* global) = 0;
  /// Writes or reads the optimizer's state. Throws FormatError on state of another size or kind.
  virtual void keep(Archive& a) = 0;
};

/// Returns how many vectors of the size of a model the optimizer keeps from round to round.
int64_t moments_of(ServerOptimizerKind kind);

/// Returns the optimizer that settings.server_optimizer names, for models of `size` parameters,
/// running statistics not counted.
std::unique_ptr<ServerOptimizer> make_server_optimizer(const FederationSettings& settings,
                                                       int64_t size);

}  // namespace medpfl
