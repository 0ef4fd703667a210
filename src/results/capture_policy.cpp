#include "results/capture_policy.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

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
  return gradients != "none" && (gradients == "all" || plan.attacked[index]) &&
         (!rounds || rounds->contains(plan.round)) &&
         (!clients || clients->contains(plan.hospitals[index]));
}

int64_t CapturePolicy::rows(const RoundPlan& plan) const {
  int64_t rows = 0;
  for (size_t i = 0; i < plan.hospitals.size(); ++i)
    if (takes(plan, i)) rows += 1 + plan.probes[i];
  return rows;
}

std::vector<CapturedLayer> select_layers(const ParameterLayout& layout,
                                         const std::vector<std::string>& patterns) {
  std::vector<bool> chosen(static_cast<size_t>(layout.count()), false);
  std::vector<std::string> names;
  for (const ParameterLayout::Entry& tensor : layout.entries()) names.push_back(tensor.name);
  for (const std::string& pattern : patterns) {
    bool any = false;
    for (size_t i = 0; i < names.size(); ++i) {
      if (pattern != "all" && ::fnmatch(pattern.c_str(), names[i].c_str(), 0) != 0) continue;
      chosen[i] = any = true;
    }
    if (any) continue;
    const std::string guess = nearest(pattern, names);
    throw ConfigError(fmt::format(
        "output.layers: '{}' is no parameter tensor of the network{}; there are {}", pattern,
        guess.empty() ? "" : fmt::format(" (did you mean {}?)", guess), join(names)));
  }
  std::vector<CapturedLayer> layers;
  for (size_t i = 0; i < names.size(); ++i)
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
