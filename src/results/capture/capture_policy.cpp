#include "results/capture/capture_policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/tensor_selection.hpp"
#include "core/text.hpp"

namespace medpfl {

std::vector<std::string> precision_names() { return {"float32", "float16", "bfloat16"}; }

Precision parse_precision(const std::string& name) {
  const std::vector<std::string> names = precision_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    throw ConfigError(fmt::format("precision '{}' is not allowed: use {}", name, join(names)));
  return static_cast<Precision>(found - names.begin());
}

std::string to_text(Precision precision) {
  return precision_names()[static_cast<size_t>(precision)];
}

int64_t value_bytes(Precision precision) {
  return with_type_of(precision, [](auto zero) { return static_cast<int64_t>(sizeof zero); });
}

std::vector<std::string> capture_policies() { return {"all", "attacked", "none"}; }

bool CapturePolicy::takes(const RoundPlan& plan, size_t index) const {
  return gradients != "none" && plan.arrives[index] &&
         (gradients == "all" || plan.attacked[index]) &&
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
