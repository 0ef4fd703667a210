#include "defenses/dp_sgd.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "defenses/defense.hpp"
#include "defenses/rows.hpp"

namespace medpfl {
namespace {

const char* const kSection = "defense.dp-sgd";

// Acts in the local steps; the message stays as they made it.
class DpSgdDefense final : public Defense {
 public:
  explicit DpSgdDefense(const OptionValues& own) : local_(own) {}
  void apply(FlatParameters*, const DefenseContext&) const override {}
  const DpSgd* dp_sgd() const override { return &local_; }
  // Its own guarantee is of examples, not of the hospital.
  Guarantee guarantee(const Guarantee& before, const GuaranteeContext&) const override {
    return before;
  }

  std::string describe() const override { return local_.describe(); }

 private:
  DpSgd local_;
};

std::vector<OptionSpec> options() {
  std::vector<OptionSpec> all =
      RoundSchedule::options("bound", 1, "largest L2 norm C of an example's gradient");
  const auto add = [&all](std::vector<OptionSpec> more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  add(RoundSchedule::options(
      "sigma", 1, "noise on the sum of the clipped gradients: its standard deviation over C"));
  add(RoundSchedule::shared_options());
  add({choice_option("sampling", "shuffled", {"shuffled", "poisson"},
                     "batches of a local step: the shard in random order, or each image with "
                     "probability B/N, whose amplification epsilon may count"),
       real_option("delta", 1e-5, "at which epsilon is told").above(0).between(0, 0.5)});
  return all;
}

}  // namespace

DpSgd::DpSgd(const OptionValues& own)
    : bound(own, "bound", kSection),
      sigma(own, "sigma", kSection),
      poisson(own.text("sampling") == "poisson"),
      delta(own.real("delta")) {}

std::string DpSgd::describe() const {
  return fmt::format("dp-sgd {} {} sampling={} delta={}", bound.describe(), sigma.describe(),
                     poisson ? "poisson" : "shuffled", shortest(delta));
}

RegistryEntry<DefenseFactory> dp_sgd_defense() {
  return {"dp-sgd",
          "clips the gradient of every example and adds Gaussian noise, in each local step",
          "Abadi et al. 2016, arXiv:1607.00133; Fed-CDP: Wei et al. 2021, arXiv:2107.01154; "
          "schedules: Wei et al. 2023, arXiv:2305.06473",
          options(), [](const OptionValues& own) { return std::make_unique<DpSgdDefense>(own); }};
}

}  // namespace medpfl
