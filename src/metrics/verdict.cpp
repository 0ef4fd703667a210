#include "metrics/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/text.hpp"

namespace medpfl {
namespace {

// Returns the first of the verdicts with the finding that stands first in `order`.
Verdict first_by(const std::vector<Finding>& order, const std::vector<Verdict>& verdicts) {
  for (const Finding finding : order)
    for (const Verdict& one : verdicts)
      if (one.finding == finding) return one;
  return {Finding::kNotTested, "nothing was attacked"};
}

// Why a defense whose messages give away little is not said to protect; "" where it is.
std::string doubt(const Evidence& e) {
  if (!e.adapted) return "the attack does not answer the defense";
  if (!e.undefended)
    return "nothing tells whether this attack, with this budget, works with the defense off";
  if (*e.undefended < kUndefendedShare)
    return fmt::format("the attack is too weak to judge: with the defense off it identifies {}",
                       percent(*e.undefended));
  if (!e.identified.inferred)
    return fmt::format("fewer than {} networks allow no inference", kFewestNetworks);
  if (e.identified.high >= e.chance + kProtectedMargin)
    return fmt::format("up to {} may be identified, {} points or more above chance, {}",
                       percent(e.identified.high), 100 * kProtectedMargin, percent(e.chance));
  return "";
}

}  // namespace

const Words<Finding>& words_of(Finding) {
  static const Words<Finding> words = {{Finding::kLeaks, "leaks"},
                                       {Finding::kProtects, "protects"},
                                       {Finding::kInconclusive, "inconclusive"},
                                       {Finding::kNotTested, "not tested"}};
  return words;
}

Verdict judge(const Evidence& e) {
  if (std::isnan(e.identified.value) || std::isnan(e.chance))
    return {Finding::kNotTested, "no image was attacked that others could be told from"};
  const std::string not_protected = e.defended ? doubt(e) : "no defense was on";
  if (not_protected.empty())
    return {Finding::kProtects,
            fmt::format("at most {} are identified (chance {}), and {} with the defense off",
                        percent(e.identified.high), percent(e.chance), percent(*e.undefended))};
  if (e.identified.low > e.chance)
    return {Finding::kLeaks, fmt::format("at least {} are identified (chance {})",
                                         percent(e.identified.low), percent(e.chance))};
  if (e.defended && !e.adapted) return {Finding::kNotTested, not_protected};
  if (e.defended) return {Finding::kInconclusive, not_protected};
  return {Finding::kInconclusive,
          fmt::format("an attack that fails shows nothing about others; up to {} may be identified "
                      "(chance {})",
                      percent(e.identified.high), percent(e.chance))};
}

std::vector<Verdict> strongest(std::vector<AttackVerdict> attacks) {
  const auto low = [](const AttackVerdict& one) {
    return std::isnan(one.identified_low) ? 0.0 : one.identified_low;
  };
  std::stable_sort(attacks.begin(), attacks.end(),
                   [&](const auto& one, const auto& other) { return low(one) > low(other); });
  std::vector<std::string> names;
  std::map<std::string, std::vector<Verdict>> of;
  for (const AttackVerdict& one : attacks) {
    if (of[one.messages].empty()) names.push_back(one.messages);
    of[one.messages].push_back(one.verdict);
  }
  std::vector<Verdict> made;
  for (const std::string& name : names)
    made.push_back(
        first_by({Finding::kLeaks, Finding::kProtects, Finding::kInconclusive, Finding::kNotTested},
                 of[name]));
  return made;
}

Verdict together(const std::vector<Verdict>& messages) {
  return first_by(
      {Finding::kLeaks, Finding::kNotTested, Finding::kInconclusive, Finding::kProtects}, messages);
}

}  // namespace medpfl
