#pragma once
#include <string>
#include <vector>

#include "attacks/attack.hpp"
#include "attacks/labels.hpp"

namespace medpfl {

// Labels of attacks that optimize nothing: all label rules are for them but joint.

/// Returns the words that option `labels` of such an attack takes.
std::vector<std::string> rules_without_search();

/// Returns the rule of such an attack: that of section [attack], or where it says auto, its `own`.
/// Throws ConfigError for joint; `name` is the attack's, for that message.
LabelRule rule_without_search(const AttackRequest& request, LabelRule own, const std::string& name);

/// Returns the facts that follow from the rule: how labels are found, and whether it finds the
/// label of one image only.
AttackFacts facts_without_search(LabelRule rule);

}  // namespace medpfl
