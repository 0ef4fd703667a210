#include <fmt/format.h>

#include "core/text.hpp"
#include "defenses/defense.hpp"
#include "privacy/mechanisms.hpp"

namespace medpfl {
namespace {

struct ClipOptions {
  double bound = 1;
};

// Clipping to one global L2 norm, the half of the Gaussian mechanism that bounds the sensitivity
// (Abadi et al. 2016 for examples, Geyer et al. 2017 for clients).
class Clip final : public MessageHook {
 public:
  explicit Clip(const ClipOptions& own) : bound_(own.bound) {}

  void apply(FlatParameters* update, const DefenseContext&) const override {
    clip_l2(update, bound_);
  }

  Guarantee guarantee(const Guarantee& before, const GuaranteeContext&) const override {
    return after_clipping(before, bound_);
  }

  Traces traces() const {
    Traces traces;
    traces.rescaled = true;
    traces.bound = bound_;
    return traces;
  }

  std::string settings() const { return fmt::format("bound={}", shortest(bound_)); }

 private:
  double bound_;
};

}  // namespace

RegistryEntry<DefenseFactory> clip_defense() {
  using O = Option<ClipOptions>;
  const OptionTable<ClipOptions> options = {
      O{"bound", &ClipOptions::bound, "largest L2 norm of an update"}.above(0)};
  return defense_row("clip", "scales the update down to a global L2 norm of at most bound",
                     "Abadi et al. 2016, arXiv:1607.00133; Geyer et al. 2017, arXiv:1712.07557",
                     options, [](const ClipOptions& own) { return on_messages(Clip(own)); });
}

}  // namespace medpfl
