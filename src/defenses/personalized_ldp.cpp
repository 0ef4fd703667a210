#include <fmt/format.h>

#include <cmath>

#include "core/text.hpp"
#include "defenses/defense.hpp"
#include "defenses/personal_budgets.hpp"
#include "privacy/mechanisms.hpp"

namespace medpfl {
namespace {

struct PersonalizedLdpOptions {
  std::string epsilon = "0.1..1";  // as PersonalBudgets reads it
  double delta = 1e-5, bound = 1;
};

// A budget of its own for each hospital (the aim of Shen et al. 2023), spent by the classic
// Gaussian mechanism (Dwork, Roth 2014, theorem A.1) rather than by their perturbation of single
// weights. The theorem holds for epsilon up to 1, for one message, for a sensitivity of the bound.
class PersonalizedLdp final : public MessageHook {
 public:
  explicit PersonalizedLdp(const PersonalizedLdpOptions& own)
      : text_(own.epsilon), budgets_(text_), delta_(own.delta), bound_(own.bound) {}

  void apply(FlatParameters* update, const DefenseContext& context) const override {
    clip_l2(update, bound_);
    RandomStream stream = defense_stream(context);
    add_gaussian(update, deviation(budgets_.of(context.client, context.budget_seed)), &stream);
  }

  Guarantee guarantee(const Guarantee& before, const GuaranteeContext& context) const override {
    return after_gaussian(after_clipping(before, bound_),
                          deviation(budgets_.of(context.client, context.budget_seed)));
  }

  // Of the hospital with the least noise.
  Traces traces() const {
    Traces traces = noise_traces(deviation(budgets_.greatest()));
    traces.rescaled = true;
    traces.bound = bound_;
    return traces;
  }

  std::string settings() const {
    return fmt::format("epsilon={} delta={} bound={}", text_, shortest(delta_), shortest(bound_));
  }

 private:
  double deviation(double epsilon) const {
    return bound_ * std::sqrt(2 * std::log(1.25 / delta_)) / epsilon;
  }

  std::string text_;
  PersonalBudgets budgets_;
  double delta_, bound_;
};

}  // namespace

RegistryEntry<DefenseFactory> personalized_ldp_defense() {
  using S = PersonalizedLdpOptions;
  using O = Option<S>;
  const OptionTable<S> options = {
      O{"epsilon", &S::epsilon,
        "budget of a message: one for all, one a hospital (1,2,8, starting over), "
        "or drawn for each from a range (0.1..1); proven up to 1"},
      O{"delta", &S::delta, "chance that the budget does not hold"}.above(0).between(0, 1),
      O{"bound", &S::bound, "largest L2 norm of an update"}.above(0)};
  return defense_row(
      "personalized-ldp",
      "clips the update and adds Gaussian noise by the hospital's own privacy budget",
      "Shen et al., Entropy 25(3):485, 2023; noise: Dwork, Roth 2014, theorem A.1", options,
      [](const S& own) { return on_messages(PersonalizedLdp(own)); });
}

}  // namespace medpfl
