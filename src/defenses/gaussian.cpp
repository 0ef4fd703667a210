#include "defenses/defense.hpp"
#include "defenses/noise_scale.hpp"
#include "privacy/mechanisms.hpp"

namespace medpfl {
namespace {

// Additive Gaussian noise on the update (Zhu et al. 2019).
class Gaussian final : public MessageHook {
 public:
  explicit Gaussian(const NoiseScale& scale) : scale_(scale) {}

  void apply(FlatParameters* update, const DefenseContext& context) const override {
    RandomStream stream = defense_stream(context);
    add_gaussian(update, scale_.of(*update), &stream);
  }

  Guarantee guarantee(const Guarantee& before, const GuaranteeContext&) const override {
    return scale_.absolute() ? after_gaussian(before, scale_.scale) : after_unbounded(before);
  }

  std::string settings() const { return scale_.describe(); }
  Traces traces() const { return scale_.traces(1); }

 private:
  NoiseScale scale_;
};

}  // namespace

RegistryEntry<DefenseFactory> gaussian_defense() {
  const OptionTable<NoiseScale> options = noise_scale_options("standard deviation");
  return defense_row(
      "gaussian", "adds Gaussian noise to the update; after clip, the Gaussian mechanism",
      "Zhu et al. 2019, arXiv:1906.08935; with clip: Geyer et al. 2017, arXiv:1712.07557", options,
      [](const NoiseScale& scale) { return on_messages(Gaussian(scale)); });
}

}  // namespace medpfl
