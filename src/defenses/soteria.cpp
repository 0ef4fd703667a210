#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"
#include "defenses/defense.hpp"
#include "defenses/feature_sensitivity.hpp"

namespace medpfl {
namespace {

struct SoteriaOptions {
  double percentile = 1;
};

// Soteria (Sun et al. 2021): perturbs the representation the head sees, by its weight's gradient.
class Soteria final : public MessageHook {
 public:
  explicit Soteria(const SoteriaOptions& own) : percentile_(own.percentile) {}

  // It only sets entries to zero.
  NumberFormat format(const NumberFormat& before) const override { return before; }

  void apply(FlatParameters* update, const DefenseContext& context) const override {
    if (context.own == nullptr)
      throw Error(ExitCode::kInternal, "soteria was not told of the hospital's training");
    const std::vector<double> score = feature_sensitivity(*context.own);
    std::vector<int64_t> order(score.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return score[static_cast<size_t>(a)] < score[static_cast<size_t>(b)];
    });
    const double last = static_cast<double>(score.size()) - 1;
    order.resize(static_cast<size_t>(std::ceil(percentile_ / 100 * last)));
    const at::Tensor weight = update->view(context.own->model.head().weight);
    for (const int64_t j : order) weight.select(1, j).zero_();
  }

  bool looks_at_images() const override { return true; }
  Guarantee guarantee(const Guarantee& before, const GuaranteeContext&) const override {
    return before;
  }

  Traces traces() const {
    Traces traces;
    traces.zeros = true;
    return traces;
  }

  std::string settings() const { return fmt::format("percentile={}", shortest(percentile_)); }

 private:
  double percentile_;
};

}  // namespace

RegistryEntry<DefenseFactory> soteria_defense() {
  using O = Option<SoteriaOptions>;
  const OptionTable<SoteriaOptions> options = {
      O{"percentile", &SoteriaOptions::percentile,
        "features below this percentile of sensitivity are zeroed"}
          .above(0)
          .between(0, 100)};
  return defense_row(
      "soteria",
      "zeroes the columns of the last weight whose features change least with the images",
      "Sun et al., CVPR 2021, arXiv:2012.06043", options,
      [](const SoteriaOptions& own) { return on_messages(Soteria(own)); });
}

}  // namespace medpfl
