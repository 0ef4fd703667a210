#include <fmt/format.h>

#include "core/text.hpp"
#include "defenses/defense.hpp"
#include "defenses/rows.hpp"
#include "models/bottleneck.hpp"

namespace medpfl {
namespace {

// Acts in the network; the message stays as its gradients made it.
class Precode final : public Defense {
 public:
  explicit Precode(const OptionValues& own)
      : bottleneck_{own.integer("width"), own.real("weight")} {}
  void apply(FlatParameters*, const DefenseContext&) const override {}
  const Bottleneck* bottleneck() const override { return &bottleneck_; }
  Guarantee guarantee(const Guarantee& before, const GuaranteeContext&) const override {
    return before;
  }
  NumberFormat format(const NumberFormat& before) const override { return before; }
  std::string describe() const override {
    return fmt::format("precode width={} weight={}", bottleneck_.width,
                       shortest(bottleneck_.weight));
  }

 private:
  Bottleneck bottleneck_;
};

}  // namespace

RegistryEntry<DefenseFactory> precode_defense() {
  return {"precode",
          "puts a variational bottleneck before the head, so that gradients are random",
          "Scheliga, Maeder, Seeland, WACV 2022, arXiv 2108.04725",
          {integer_option("width", 256, "values of the bottleneck").at_least(1),
           real_option("weight", 0.001, "of its divergence from N(0, 1) in the training loss")
               .at_least(0)},
          [](const OptionValues& own) { return std::make_unique<Precode>(own); }};
}

}  // namespace medpfl
