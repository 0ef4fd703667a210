#include "results/capture/capture_policy.hpp"

#include <fmt/format.h>

#include "core/tensor_selection.hpp"

namespace medpfl {

const Words<Precision>& words_of(Precision) {
  using P = Precision;
  static const Words<P> words = {
      {P::kFloat32, "float32"}, {P::kFloat16, "float16"}, {P::kBfloat16, "bfloat16"}};
  return words;
}

int64_t value_bytes(Precision precision) {
  return with_type_of(precision, [](auto zero) { return static_cast<int64_t>(sizeof zero); });
}

const Words<CapturedMessages>& words_of(CapturedMessages) {
  using M = CapturedMessages;
  static const Words<M> words = {{M::kAll, "all"}, {M::kAttacked, "attacked"}, {M::kNone, "none"}};
  return words;
}

bool CapturePolicy::takes(const RoundPlan& plan, size_t index) const {
  return gradients != CapturedMessages::kNone && plan.arrives[index] &&
         (gradients == CapturedMessages::kAll || plan.attacked[index]) &&
         (!rounds || rounds->contains(plan.round)) &&
         (!clients || clients->contains(plan.clients[index]));
}

int64_t CapturePolicy::rows(const RoundPlan& plan) const {
  int64_t rows = 0;
  for (size_t i = 0; i < plan.clients.size(); ++i)
    if (takes(plan, i)) rows += 1 + plan.probes[i];
  return rows;
}

std::vector<CapturedLayer> select_layers(const ParameterLayout& layout,
                                         const std::vector<std::string>& patterns) {
  const std::vector<bool> chosen = match_tensors(layout, patterns, "output.layers");
  std::vector<CapturedLayer> layers;
  for (size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i]) layers.push_back({layout[static_cast<int64_t>(i)], columns_of(layers)});
  if (layers.empty())
    throw ConfigError(
        "output.layers is empty: use all or names of parameter tensors; to record nothing, "
        "output.gradients=none");
  return layers;
}

int64_t columns_of(const std::vector<CapturedLayer>& layers) {
  return layers.empty() ? 0 : layers.back().column + layers.back().tensor.size;
}

}  // namespace medpfl
