#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "defenses/defense.hpp"
#include "defenses/round_schedule.hpp"
#include "models/example_gradients.hpp"

namespace medpfl {
namespace {

// The gradient of every example, clipped to the L2 norm C = bound, and Gaussian noise on their sum:
// a step descends along (sum + N(0, (sigma C)^2)) / B, independently in every parameter.
class ClippedGradient final : public StepGradient {
 public:
  ClippedGradient(const Model& model, const FlatParameters& weights, const RoundSchedule& bound,
                  const RoundSchedule& sigma)
      : examples_(model, weights), bound_(bound), sigma_(sigma) {}

  double compute(const LocalStep& step, FlatParameters* out) override {
    const double bound = bound_.at(step.round, step.rounds);
    const double deviation = bound * sigma_.at(step.round, step.rounds);
    double loss = 0;
    if (step.images == 0)
      out->fill(0);
    else
      loss = examples_.clipped_sum(step.batch.images, step.batch.labels, bound, out);
    StreamKey key = step.key;
    key.purpose = Purpose::kLocalNoise;
    RandomStream noise(key);
    float* values = out->data();
    for (int64_t i = 0; i < out->layout().trainable(); ++i)
      values[i] = static_cast<float>(values[i] + deviation * noise.normal());
    out->multiply(1.0 / static_cast<double>(step.divisor));
    return loss;
  }

 private:
  ExampleGradients examples_;
  const RoundSchedule& bound_;
  const RoundSchedule& sigma_;
};

struct DpSgdOptions {
  ScheduleOptions bound, sigma;
  SchedulePace pace;
  bool poisson = false;
  double delta = 1e-5;
};

class DpSgd final : public StepHook {
 public:
  explicit DpSgd(const DpSgdOptions& own)
      : bound_(own.bound, own.pace, "bound", "defense.dp-sgd"),
        sigma_(own.sigma, own.pace, "sigma", "defense.dp-sgd"),
        sampling_(own.poisson ? Sampling::kPoisson : Sampling::kShuffled),
        delta_(own.delta) {}

  void check(const Model& model) const override {
    try {
      require_example_gradients(model);
    } catch (const ConfigError& error) {
      throw ConfigError(fmt::format("defense.chain: dp-sgd clips the gradient of each example: {}",
                                    error.what()));
    }
  }
  std::unique_ptr<StepGradient> start(const Model& model,
                                      const FlatParameters& weights) const override {
    return std::make_unique<ClippedGradient>(model, weights, bound_, sigma_);
  }
  Sampling sampling() const override { return sampling_; }
  StepGuarantee guarantee(int64_t round, int64_t rounds) const override {
    return {sigma_.at(round, rounds), delta_};
  }

  // Of a message of one image in the first round: more images count for more beside the same noise.
  Traces traces() const {
    const double bound = bound_.at(0, 1);
    Traces traces = noise_traces(sigma_.at(0, 1) * bound);
    traces.rescaled = true;
    traces.bound = bound;
    return traces;
  }

  std::string settings() const {
    return fmt::format("{} {} sampling={} delta={}", bound_.describe(), sigma_.describe(),
                       sampling_ == Sampling::kPoisson ? "poisson" : "shuffled", shortest(delta_));
  }

 private:
  RoundSchedule bound_;  // C
  RoundSchedule sigma_;  // standard deviation of the noise over C
  Sampling sampling_;
  double delta_;  // at which epsilon is told
};

OptionTable<DpSgdOptions> dp_sgd_options() {
  using O = Option<DpSgdOptions>;
  return OptionTable<DpSgdOptions>()
      .add(&DpSgdOptions::bound,
           schedule_options("bound", "largest L2 norm C of an example's gradient"))
      .add(&DpSgdOptions::sigma,
           schedule_options(
               "sigma", "noise on the sum of the clipped gradients: its standard deviation over C"))
      .add(&DpSgdOptions::pace, pace_options())
      .add({O{"sampling", &DpSgdOptions::poisson,
              "batches of a local step: the shard in random order, or each image with probability "
              "B/N, whose amplification epsilon may count"}
                .named("shuffled", "poisson"),
            O{"delta", &DpSgdOptions::delta, "for which epsilon is reported"}.above(0).between(
                0, 0.5)});
}

}  // namespace

RegistryEntry<DefenseFactory> dp_sgd_defense() {
  const OptionTable<DpSgdOptions> options = dp_sgd_options();
  return defense_row(
      "dp-sgd", "clips the gradient of every example and adds Gaussian noise, in each local step",
      "Abadi et al. 2016, arXiv:1607.00133; Fed-CDP: Wei et al. 2021, arXiv:2107.01154; "
      "schedules: Wei et al. 2023, arXiv:2305.06473",
      options, [](const DpSgdOptions& own) { return on_steps(DpSgd(own)); });
}

}  // namespace medpfl
