#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "attacks/optimizers/optimizer.hpp"
#include "attacks/optimizers/schedule.hpp"
#include "core/random.hpp"

namespace medpfl {

/// Which function of the gradient g Adam uses.
enum class Sign {
  kNone,  ///< g itself
  kSoft,  ///< tanh(s g) / s, where s falls from 1 to 0 over the iterations
  kHard,  ///< sign(g) (Geiping et al. 2020)
};
const Words<Sign>& words_of(Sign);

/// How Adam steps.
struct AdamOptions {
  double learning_rate = 0.1;
  double beta1 = 0.9, beta2 = 0.999;
  Sign sign = Sign::kNone;
  Schedule schedule;
  double langevin = 0;  ///< N(0, 1) times this and the learning rate is added to the gradient
  StreamKey noise;      ///< key of the Langevin noise; each iteration has its own stream
};

/// Returns the options of Adam, without its learning rate.
OptionTable<AdamOptions> adam_options();

/// Adam (Kingma & Ba 2015, arXiv 1412.6980), epsilon 1e-8; one evaluation a step.
class Adam final : public Optimizer {
 public:
  Adam(const AdamOptions& options, int64_t n);

  /// Takes one step. Stalled: the gradient is zero, and no noise is added.
  Status step(const Function& function, float* x) override;
  /// Keeps the moments: they are of gradients, not of places.
  void moved() override {}
  double value() const override { return value_; }
  int64_t evaluations() const override { return steps_; }
  void keep(Archive& a) override;

 private:
  void add_noise(double scale);
  void take_sign();

  AdamOptions options_;
  int64_t steps_ = 0;
  double value_ = 0;
  std::vector<float> gradient_, mean_, square_;
};

}  // namespace medpfl
