#pragma once
#include <cstdint>
#include <vector>

#include "attacks/optimizers/optimizer.hpp"
#include "core/option_table.hpp"

namespace medpfl {

/// How far and how carefully L-BFGS steps.
struct LbfgsOptions {
  double learning_rate = 1;   ///< length of a full step
  int64_t history = 100;      ///< curvature pairs kept
  int64_t inner = 20;         ///< quasi-Newton steps of one call of step()
  bool strong_wolfe = false;  ///< line search; otherwise every step is a full one
  /// Without line search only, as the reference has them: stop when no entry of the gradient is
  /// larger; end a call when step or objective change less; least curvature s.y of a pair that is
  /// kept. With line search nothing is absolute: weak gradients are followed as far as float32
  /// goes.
  double tolerance_gradient = 1e-7, tolerance_change = 1e-9, least_curvature = 1e-10;
};

/// Returns the options of L-BFGS, without its learning rate.
OptionTable<LbfgsOptions> lbfgs_options();

/// Limited-memory BFGS (Liu & Nocedal 1989) on a flat float32 vector. The memory persists between
/// calls, and without line search the rules are those of the optimizer that DLG's authors used:
/// steps of full length but for the first. The line search follows Nocedal & Wright (2006),
/// algorithms 3.5 and 3.6, with cubic interpolation.
class Lbfgs final : public Optimizer {
 public:
  Lbfgs(const LbfgsOptions& options, int64_t n);
  /// Returns how many evaluations a call of step() takes at most.
  static int64_t evaluations_of_step(const LbfgsOptions& options);

  /// Takes up to `inner` steps. Flat: the gradient is below tolerance. Stalled: no descent was
  /// found.
  Status step(const Function& function, float* x) override;
  /// Forgets the curvature pairs and that x was known.
  void moved() override;
  double value() const override { return value_; }
  int64_t evaluations() const override { return evaluations_; }
  void keep(Archive& a) override;

 private:
  struct Point {
    double t = 0, value = 0, slope = 0;
    std::vector<float> gradient;
  };
  double evaluate(const Function& function, const float* x, float* gradient);
  void remember();
  void compute_direction();
  bool gradient_vanished() const;
  /// Moves x along the direction to a point that meets the strong Wolfe conditions, or at least
  /// decreases the objective. Returns false, and leaves x, where nothing lower was found.
  bool search(const Function& function, float* x, double first_step, double slope);

  LbfgsOptions options_;
  int64_t n_, evaluations_ = 0, pairs_ = 0, newest_ = -1;
  double value_ = 0, scale_ = 1, step_ = 0;
  bool known_ = false;    // value_ and gradient_ are those of x
  bool started_ = false;  // direction_, step_ and previous_ describe the last step
  std::vector<float> gradient_, previous_, direction_;
  std::vector<float> s_, y_;  // [history, n], a ring that ends at newest_
  std::vector<double> rho_, alpha_;
};

}  // namespace medpfl
