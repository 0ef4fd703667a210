#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"
#include "defenses/defense.hpp"

namespace medpfl {
namespace {

struct PruneOptions {
  double ratio = 0.9;
  int64_t keep = 0;  // 0: by ratio
  bool random = false, by_layer = false, error_feedback = false;
};

// Keeps the k entries of the greatest score, of equal ones the earlier; sets the others to zero.
void keep_greatest(const std::vector<float>& score, int64_t k, float* values) {
  const auto n = static_cast<int64_t>(score.size());
  if (k >= n) return;
  std::vector<float> order = score;
  std::nth_element(order.begin(), order.begin() + (k - 1), order.end(), std::greater<>());
  const float least = order[static_cast<size_t>(k - 1)];
  int64_t ties = k - std::count_if(score.begin(), score.end(), [&](float s) { return s > least; });
  for (int64_t i = 0; i < n; ++i) {
    const float s = score[static_cast<size_t>(i)];
    if (s > least || (s == least && ties-- > 0)) continue;
    values[i] = 0;
  }
}

// Sparse updates (gradient compression, Lin et al. 2018), with the memory of what was not sent
// (Stich, Cordonnier, Jaggi 2018).
class Prune final : public MessageHook {
 public:
  explicit Prune(const PruneOptions& own) : own_(own) {}

  // What was added from earlier rounds is no number of the format.
  NumberFormat format(const NumberFormat& before) const override {
    return own_.error_feedback ? NumberFormat() : before;
  }

  int64_t state_size(int64_t parameters) const override {
    return own_.error_feedback ? parameters : 0;
  }

  void apply(FlatParameters* update, const DefenseContext& context) const override {
    float* u = update->data();
    const int64_t n = update->size();
    if (own_.error_feedback) {
      for (int64_t i = 0; i < n; ++i) u[i] += context.state[i];
      std::copy_n(u, n, context.state);
    }
    if (!update->all_finite())
      throw NumericError(fmt::format("prune: the update of hospital {} in round {} is not finite",
                                     context.client, context.round));
    std::vector<float> score(static_cast<size_t>(n));
    RandomStream stream = defense_stream(context);
    for (int64_t i = 0; i < n; ++i)
      score[static_cast<size_t>(i)] =
          own_.random ? static_cast<float>(stream.uniform()) : std::fabs(u[i]);
    if (own_.by_layer) {
      for (const ParameterLayout::Entry& layer : update->layout().entries()) {
        const auto first = score.begin() + layer.offset;
        keep_greatest({first, first + layer.size}, kept(layer.size), u + layer.offset);
      }
    } else {
      keep_greatest(score, kept(n), u);
    }
    if (own_.error_feedback)
      for (int64_t i = 0; i < n; ++i) context.state[i] -= u[i];
  }

  // Zeros shorten; what is added from earlier rounds may not.
  Guarantee guarantee(const Guarantee& before, const GuaranteeContext&) const override {
    return own_.error_feedback ? after_unbounded(before) : before;
  }

  Traces traces() const {
    Traces traces;
    traces.zeros = own_.keep > 0 || own_.ratio > 0;
    return traces;
  }

  std::string settings() const {
    const std::string share = own_.keep > 0 ? fmt::format("keep={}", own_.keep)
                                            : fmt::format("ratio={}", shortest(own_.ratio));
    return fmt::format("{} select={} scope={}{}", share, own_.random ? "random" : "magnitude",
                       own_.by_layer ? "layer" : "global",
                       own_.error_feedback ? " error_feedback" : "");
  }

 private:
  // Of n entries; at least one.
  int64_t kept(int64_t n) const {
    if (own_.keep > 0) return std::min(own_.keep, n);
    const auto zeroed = static_cast<int64_t>(std::floor(own_.ratio * static_cast<double>(n)));
    return std::max<int64_t>(1, n - zeroed);
  }

  PruneOptions own_;
};

}  // namespace

RegistryEntry<DefenseFactory> prune_defense() {
  using O = Option<PruneOptions>;
  const OptionTable<PruneOptions> options = {
      O{"ratio", &PruneOptions::ratio, "share of the entries set to zero"}.between(0, 1),
      O{"keep", &PruneOptions::keep, "number of entries kept; 0: as many as ratio leaves"}.at_least(
          0),
      O{"select", &PruneOptions::random, "which entries are kept: the greatest, or any"}.named(
          "magnitude", "random"),
      O{"scope", &PruneOptions::by_layer, "entries are chosen among all, or in each layer"}.named(
          "global", "layer"),
      O{"error_feedback", &PruneOptions::error_feedback,
        "hospitals add what they did not send to their next update"}};
  return defense_row("prune",
                     "sets all but some entries of the update to zero (gradient compression)",
                     "Lin et al., ICLR 2018, arXiv:1712.01887; error feedback: Stich et al. 2018, "
                     "arXiv:1809.07599",
                     options, [](const PruneOptions& own) { return on_messages(Prune(own)); });
}

}  // namespace medpfl
