#include "results/run/pooled_shares.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "results/run/pooled_verdicts.hpp"

namespace medpfl {
namespace {

// What the points of one setting have in common.
struct Setting {
  std::string name;
  std::map<AttackKey, std::vector<Outcome>> outcomes;
  std::map<AttackKey, std::set<int64_t>> hospitals;
  std::map<AttackKey, double> bounds, chance;  // sums over images; NaN where one has none
  std::vector<std::optional<PrivacyClaim>> claims;
};

// Settings in the order of their first points.
Setting& find_or_add(const std::string& name, std::vector<Setting>* all) {
  const auto found = std::find_if(all->begin(), all->end(),
                                  [&](const Setting& setting) { return setting.name == name; });
  if (found != all->end()) return *found;
  all->push_back({name, {}, {}, {}, {}, {}});
  return all->back();
}

// The claim with the greatest epsilon, where all points claim one.
void set_claim(const std::vector<std::optional<PrivacyClaim>>& claims, PooledShare* share) {
  if (!std::all_of(claims.begin(), claims.end(),
                   [](const auto& claim) { return claim.has_value(); }))
    return;
  const PrivacyClaim& most =
      **std::max_element(claims.begin(), claims.end(),
                         [](const auto& a, const auto& b) { return a->epsilon < b->epsilon; });
  share->epsilon = most.epsilon;
  share->claim = most.claim;
  for (const auto& claim : claims)
    share->identification_bound =
        std::fmax(share->identification_bound, claim->identification_bound);
}

}  // namespace

std::vector<PooledShare> pool_networks(const std::map<int64_t, PointOutcomes>& points) {
  std::vector<Setting> settings;
  for (const auto& [number, point] : points) {
    Setting& setting = find_or_add(point.setting, &settings);
    for (const auto& [key, attack] : point.attacks) {
      for (const ImageOutcome& image : attack.images) {
        setting.outcomes[key].push_back(image.outcome);
        if (image.message.client >= 0) setting.hospitals[key].insert(image.message.client);
      }
      setting.bounds[key] += attack.bounds;
      setting.chance[key] += attack.chance;
    }
    setting.claims.push_back(point.claim);
  }
  std::vector<PooledShare> out;
  for (const Setting& setting : settings)
    for (const auto& [key, outcomes] : setting.outcomes) {
      PooledShare pooled;
      pooled.setting = setting.name;
      pooled.kind = key.kind;
      pooled.method = key.method;
      pooled.share = share_of(outcomes);
      if (const auto found = setting.hospitals.find(key); found != setting.hospitals.end())
        pooled.hospitals = static_cast<int64_t>(found->second.size());
      pooled.identified_bound = setting.bounds.at(key) / static_cast<double>(outcomes.size());
      pooled.chance = setting.chance.at(key) / static_cast<double>(outcomes.size());
      set_claim(setting.claims, &pooled);
      out.push_back(pooled);
    }
  judge_settings(points, &out);
  return out;
}

}  // namespace medpfl
