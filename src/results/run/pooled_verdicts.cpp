#include "results/run/pooled_verdicts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "metrics/verdict.hpp"

namespace medpfl {
namespace {

using Messages = std::pair<int64_t, std::string>;  // number and kind
using Points = std::map<int64_t, PointOutcomes>;

// The points of one setting.
std::vector<const PointOutcomes*> points_of(const Points& points, const std::string& setting) {
  std::vector<const PointOutcomes*> out;
  for (const auto& [number, point] : points)
    if (point.setting == setting) out.push_back(&point);
  return out;
}

// The name of the setting with the defense off; nothing where a point lacks it.
std::optional<std::string> control_of(const std::vector<const PointOutcomes*>& mine,
                                      const Points& points) {
  std::optional<std::string> name;
  for (const PointOutcomes* point : mine) {
    const auto other = points.find(point->against);
    if (!point->control || other == points.end()) return std::nullopt;
    name = other->second.setting;
  }
  return name;
}

bool answers(const PointOutcomes& point, const std::string& method) {
  return std::find(point.answering->begin(), point.answering->end(), method) !=
         point.answering->end();
}

std::vector<Outcome> outcomes_of(const std::vector<const PointOutcomes*>& mine,
                                 const AttackKey& key) {
  std::vector<Outcome> out;
  for (const PointOutcomes* point : mine)
    if (const auto attack = point->attacks.find(key); attack != point->attacks.end())
      for (const ImageOutcome& image : attack->second.images) out.push_back(image.outcome);
  return out;
}

// An attack that fails protects nobody where another reads the same messages.
void yield_to_leaks(const std::map<const PooledShare*, Messages>& of,
                    std::vector<PooledShare>* shares) {
  for (PooledShare& share : *shares) {
    if (share.verdict != word_of(Finding::kProtects)) continue;
    for (const PooledShare& other : *shares)
      if (of.at(&other) == of.at(&share) && other.verdict == word_of(Finding::kLeaks)) {
        share.verdict = word_of(Finding::kInconclusive);
        share.verdict_reason =
            fmt::format("{} at {} reads the same messages", other.method, name_of(other.setting));
        break;
      }
  }
}

}  // namespace

void judge_settings(const Points& points, std::vector<PooledShare>* shares) {
  std::map<Messages, int64_t> attacks;
  std::map<const PooledShare*, Messages> of;
  for (const PooledShare& share : *shares) {
    const Messages messages = {points_of(points, share.setting).front()->messages, share.kind};
    of[&share] = messages;
    ++attacks[messages];
  }
  for (PooledShare& share : *shares) {
    const std::vector<const PointOutcomes*> mine = points_of(points, share.setting);
    const auto known = [](const PointOutcomes* point) { return point->answering.has_value(); };
    if (!std::all_of(mine.begin(), mine.end(), known)) continue;
    share.attacks = attacks[of[&share]];
    Evidence e;
    if (const auto control = control_of(mine, points))
      for (const PooledShare& other : *shares)
        if (other.setting == *control && other.kind == share.kind && other.method == share.method)
          e.undefended = share.undefended = other.share.value;
    e.identified = share_of(outcomes_of(mine, {share.kind, share.method}),
                            kTail / static_cast<double>(share.attacks));
    e.chance = share.chance;
    e.defended = mine.front()->defended;
    e.adapted = std::all_of(mine.begin(), mine.end(), [&](const PointOutcomes* point) {
      return answers(*point, share.method);
    });
    const Verdict verdict = judge(e);
    share.verdict = word_of(verdict.finding);
    share.verdict_reason = verdict.reason;
    if (share.attacks > 1 && e.identified.inferred)
      share.verdict_reason +=
          fmt::format("; these limits allow for {} attacks on the same messages", share.attacks);
  }
  yield_to_leaks(of, shares);
}

}  // namespace medpfl
