#include "results/run/pooled_shares.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "core/text.hpp"
#include "results/run/image_outcomes.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/privacy_summary.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

using Key = std::tuple<bool, std::string, std::string>;  // of probes, which come last; kind, method

Key key_of(const std::string& kind, const std::string& method) {
  return {kind == "probe", kind, method};
}

// What the points of one setting have in common.
struct Setting {
  std::string name;
  std::map<Key, std::vector<Outcome>> outcomes;
  std::map<Key, double> bounds;  // sums over images; NaN where one has none
  std::vector<std::optional<PrivacyClaim>> claims;
};

// Settings in the order of their first points.
Setting& find_or_add(const std::string& name, std::vector<Setting>* all) {
  const auto found = std::find_if(all->begin(), all->end(),
                                  [&](const Setting& setting) { return setting.name == name; });
  if (found != all->end()) return *found;
  all->push_back({name, {}, {}, {}});
  return all->back();
}

std::vector<std::string> settings_of(const h5::File& sweep, size_t points) {
  const std::vector<std::string> options = sweep.names("/points/options");
  std::vector<std::vector<std::string>> values(points);
  for (const std::string& option : options) {
    const auto column = sweep.read<std::string>("/points/options/" + option);
    for (size_t i = 0; i < points; ++i) values[i].push_back(column[i]);
  }
  std::vector<std::string> out;
  for (const auto& of_point : values) out.push_back(setting_of(options, of_point));
  return out;
}

void add_bounds(const h5::File& run, Setting* setting) {
  const std::string summary = "/attacks/summary/";
  const auto method = run.read<std::string>(summary + "method");
  const auto kind = run.read<std::string>(summary + "kind");
  const auto round = run.read<int64_t>(summary + "round");
  const auto images = run.read<int64_t>(summary + "images");
  const auto bound = run.exists(summary + "identified_bound")
                         ? run.read<double>(summary + "identified_bound")
                         : std::vector<double>(method.size(), kNone);
  for (size_t i = 0; i < method.size(); ++i)
    if (round[i] == kAllRounds)
      setting->bounds[key_of(kind[i], method[i])] += static_cast<double>(images[i]) * bound[i];
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

std::string setting_of(const std::vector<std::string>& options,
                       const std::vector<std::string>& values) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < options.size(); ++i)
    if (options[i] != "run.seed" && !values[i].empty())
      parts.push_back(options[i] + "=" + values[i]);
  return join(parts);
}

std::vector<PooledShare> pool_networks(const h5::File& sweep) {
  const auto folder = sweep.read<std::string>("/points/folder");
  const auto status = sweep.read<std::string>("/points/status");
  const std::vector<std::string> names = sweep.exists("/points/setting")
                                             ? sweep.read<std::string>("/points/setting")
                                             : settings_of(sweep, folder.size());
  const std::filesystem::path base = std::filesystem::path(sweep.path()).parent_path();
  std::vector<Setting> settings;
  ImageNumbers images;
  for (size_t i = 0; i < folder.size(); ++i) {
    if (status[i] != "complete") continue;
    const h5::File run = open_run((base / folder[i]).string());
    if (!run.exists("/attacks/images/identified")) continue;
    Setting& setting = find_or_add(names[i], &settings);
    for_each_outcome(run, static_cast<int64_t>(i), &images,
                     [&](const std::string& kind, const std::string& method, const Outcome& o) {
                       setting.outcomes[key_of(kind, method)].push_back(o);
                     });
    add_bounds(run, &setting);
    setting.claims.push_back(privacy_claim(run));
  }
  std::vector<PooledShare> out;
  for (const Setting& setting : settings)
    for (const auto& [key, outcomes] : setting.outcomes) {
      PooledShare pooled;
      pooled.setting = setting.name;
      std::tie(std::ignore, pooled.kind, pooled.method) = key;
      pooled.share = share_of(outcomes);
      pooled.identified_bound = setting.bounds.at(key) / static_cast<double>(outcomes.size());
      set_claim(setting.claims, &pooled);
      out.push_back(pooled);
    }
  return out;
}

}  // namespace medpfl
