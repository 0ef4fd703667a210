#include <fmt/format.h>

#include "core/text.hpp"
#include "defenses/defense.hpp"
#include "defenses/entries.hpp"
#include "privacy/mechanisms.hpp"

namespace medpfl {
namespace {

// The Gaussian mechanism on a whole update, by the hospital that sends it (Geyer et al. 2017; named
// Fed-SDP by Wei et al. 2021).
class FedSdp final : public Defense {
 public:
  explicit FedSdp(const OptionValues& own) : bound_(own.real("bound")), sigma_(own.real("sigma")) {}

  void apply(FlatParameters* update, const DefenseContext& context) const override {
    clip_l2(update, bound_);
    RandomStream stream = defense_stream(context);
    add_gaussian(update, sigma_ * bound_, &stream);
  }

  Guarantee guarantee(const Guarantee& before, const GuaranteeContext&) const override {
    return after_gaussian(after_clipping(before, bound_), sigma_ * bound_);
  }

  std::string describe() const override {
    return fmt::format("fed-sdp bound={} sigma={}", shortest(bound_), shortest(sigma_));
  }

 private:
  double bound_, sigma_;
};

}  // namespace

RegistryEntry<DefenseFactory> fed_sdp_defense() {
  return {"fed-sdp",
          "clips the update and adds Gaussian noise in units of the bound",
          "Geyer et al. 2017, arXiv:1712.07557; Wei et al. 2021, arXiv:2107.01154",
          {real_option("bound", 1, "largest L2 norm of an update, C").above(0),
           real_option("sigma", 1, "standard deviation of the noise, in units of C").above(0)},
          [](const OptionValues& own) { return std::make_unique<FedSdp>(own); }};
}

}  // namespace medpfl
