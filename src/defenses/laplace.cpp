#include <cmath>

#include "defenses/defense.hpp"
#include "defenses/noise_scale.hpp"
#include "privacy/mechanisms.hpp"

namespace medpfl {
namespace {

// Additive Laplace noise on the update (Das et al. 2023; Zhu et al. 2019). The noise level L of Das
// et al. is the scale b = 1/L: their levels 100, 200, 300 and 400 are scale = 0.01, 0.005, 0.00333
// and 0.0025, absolute.
class Laplace final : public MessageHook {
 public:
  explicit Laplace(const NoiseScale& scale) : scale_(scale) {}

  void apply(FlatParameters* update, const DefenseContext& context) const override {
    RandomStream stream = defense_stream(context);
    add_laplace(update, scale_.of(*update), &stream);
  }

  Guarantee guarantee(const Guarantee& before, const GuaranteeContext& context) const override {
    return scale_.absolute() ? after_laplace(before, scale_.scale, context.parameters)
                             : after_unbounded(before);
  }

  std::string settings() const { return scale_.describe(); }
  Traces traces() const { return scale_.traces(std::sqrt(2.0)); }

 private:
  NoiseScale scale_;
};

}  // namespace

RegistryEntry<DefenseFactory> laplace_defense() {
  const OptionTable<NoiseScale> options =
      noise_scale_options("scale b (the standard deviation is sqrt(2) b)");
  return defense_row("laplace",
                     "adds Laplace noise to the update; scale is b, of a noise level L it is 1/L",
                     "Das et al. 2023, arXiv:2311.06643; Zhu et al. 2019, arXiv:1906.08935",
                     options, [](const NoiseScale& scale) { return on_messages(Laplace(scale)); });
}

}  // namespace medpfl
