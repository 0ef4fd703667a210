#include "attacks/labels_without_search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace medpfl {

std::vector<std::string> rules_without_search() {
  std::vector<std::string> rules = label_rule_names();
  rules.erase(std::remove(rules.begin(), rules.end(), word_of(LabelRule::kJoint)), rules.end());
  return rules;
}

LabelRule rule_without_search(const AttackRequest& request, LabelRule own,
                              const std::string& name) {
  if (request.labels == LabelRule::kJoint)
    throw ConfigError(
        fmt::format("attack.labels=joint optimizes labels, and {} optimizes nothing; use auto, or "
                    "set attack.NAME.labels of the attacks that do",
                    name));
  return request.labels.value_or(own);
}

AttackFacts facts_without_search(LabelRule rule) {
  AttackFacts facts;
  facts.labels = rule;
  if (rule == LabelRule::kIdlg) facts.single_image = {"labels", "idlg", "known or counts"};
  return facts;
}

}  // namespace medpfl
