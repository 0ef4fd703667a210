#include <fmt/format.h>

#include <utility>

#include "core/text.hpp"
#include "defenses/defense.hpp"
#include "defenses/round_schedule.hpp"
#include "privacy/mechanisms.hpp"

namespace medpfl {
namespace {

struct FedSdpOptions {
  double bound = 1;
  ScheduleOptions sigma;
  SchedulePace pace;
};

// The Gaussian mechanism on a whole update, by the hospital that sends it (Geyer et al. 2017; named
// Fed-SDP by Wei et al. 2021), constant or following the leakage over the rounds (Wei et al. 2023).
class FedSdp final : public MessageHook {
 public:
  FedSdp(const std::string& name, const FedSdpOptions& own)
      : bound_(own.bound), sigma_(own.sigma, own.pace, "sigma", "defense." + name) {}

  void apply(FlatParameters* update, const DefenseContext& context) const override {
    clip_l2(update, bound_);
    RandomStream stream = defense_stream(context);
    add_gaussian(update, sigma_.at(context.round, context.rounds) * bound_, &stream);
  }

  Guarantee guarantee(const Guarantee& before, const GuaranteeContext& context) const override {
    return after_gaussian(after_clipping(before, bound_),
                          sigma_.at(context.round, context.rounds) * bound_);
  }

  // Of the first round.
  Traces traces() const {
    Traces traces = noise_traces(sigma_.at(0, 1) * bound_);
    traces.rescaled = true;
    traces.bound = bound_;
    return traces;
  }

  std::string settings() const {
    return fmt::format("bound={} {}", shortest(bound_), sigma_.describe());
  }

 private:
  double bound_;
  RoundSchedule sigma_;
};

// With these defaults of the noise.
RegistryEntry<DefenseFactory> row(const std::string& name, std::string summary, std::string paper,
                                  const ScheduleOptions& sigma) {
  using O = Option<FedSdpOptions>;
  const OptionTable<FedSdpOptions> options =
      OptionTable<FedSdpOptions>()
          .add({O{"bound", &FedSdpOptions::bound, "largest L2 norm of an update, C"}.above(0)})
          .add(&FedSdpOptions::sigma,
               schedule_options("sigma", "standard deviation of the noise, in units of C"))
          .add(&FedSdpOptions::pace, pace_options());
  FedSdpOptions defaults;
  defaults.sigma = sigma;
  return defense_row(
      name, std::move(summary), std::move(paper), options,
      [name](const FedSdpOptions& own) { return on_messages(FedSdp(name, own)); }, defaults);
}

}  // namespace

RegistryEntry<DefenseFactory> fed_sdp_defense() {
  return row("fed-sdp", "clips the update and adds Gaussian noise in units of the bound",
             "Geyer et al. 2017, arXiv:1712.07557; Wei et al. 2021, arXiv:2107.01154", {});
}

RegistryEntry<DefenseFactory> model_cloak_defense() {
  return row("model-cloak", "fed-sdp whose noise is strong in early rounds and falls from there on",
             "Wei et al., ICDM 2023, Model Cloaking against Gradient Leakage",
             {0.01, 0.0005, RoundCourse::kExponential});
}

}  // namespace medpfl
