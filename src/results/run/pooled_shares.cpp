#include "results/run/pooled_shares.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <tuple>
#include <utility>

#include "core/text.hpp"
#include "results/run/image_numbers.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {
namespace {

using Key = std::tuple<std::string, std::string>;  // method and kind
using Outcomes = std::map<Key, std::vector<Outcome>>;

// Settings in the order of their first points.
class BySetting {
 public:
  Outcomes& of(const std::string& setting) {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [&](const auto& one) { return one.first == setting; });
    if (found != all_.end()) return found->second;
    return all_.emplace_back(setting, Outcomes()).second;
  }
  const std::vector<std::pair<std::string, Outcomes>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, Outcomes>> all_;
};

std::vector<std::string> settings_of(const h5::File& sweep, size_t points) {
  std::vector<std::vector<std::string>> parts(points);
  for (const std::string& option : sweep.names("/points/options")) {
    if (option == "run.seed") continue;
    const auto values = sweep.read<std::string>("/points/options/" + option);
    for (size_t i = 0; i < points; ++i)
      if (!values[i].empty()) parts[i].push_back(option + "=" + values[i]);
  }
  std::vector<std::string> out;
  for (const auto& of_point : parts) out.push_back(join(of_point, ", "));
  return out;
}

void add_run(const h5::File& run, int64_t network, ImageNumbers* images, Outcomes* outcomes) {
  if (!run.exists("/attacks/images/identified")) return;
  const auto method = run.read<std::string>("/attacks/tasks/method");
  const auto kind = run.read<std::string>("/attacks/tasks/kind");
  const auto chosen = run.read<int64_t>("/attacks/tasks/chosen");
  const auto task = run.read<int64_t>("/attacks/images/task");
  const auto cluster = run.read<int64_t>("/attacks/images/cluster");
  const auto identified = run.read<int64_t>("/attacks/images/identified");
  const auto pixels = run.read<float>("/attacks/truth");
  const size_t size = task.empty() ? 0 : pixels.size() / task.size();
  for (size_t i = 0; i < task.size(); ++i) {
    const auto t = static_cast<size_t>(task[i]);
    if (chosen[t] == 0) continue;
    const int64_t image = images->number(pixels.data() + i * size, size * sizeof(float));
    (*outcomes)[{method[t], kind[t]}].push_back({image, cluster[i], network, identified[i] != 0});
  }
}

std::string limits(const Share& s) {
  return fmt::format("{:.0f} to {:.0f}%{}", 100 * s.low, 100 * s.high, s.inferred ? "" : " range");
}

}  // namespace

std::vector<PooledShare> pool_networks(const h5::File& sweep) {
  const auto folder = sweep.read<std::string>("/points/folder");
  const auto status = sweep.read<std::string>("/points/status");
  const std::vector<std::string> settings = settings_of(sweep, folder.size());
  const std::filesystem::path base = std::filesystem::path(sweep.path()).parent_path();
  BySetting pooled;
  ImageNumbers images;
  for (size_t i = 0; i < folder.size(); ++i)
    if (status[i] == "complete")
      add_run(open_run((base / folder[i]).string()), static_cast<int64_t>(i), &images,
              &pooled.of(settings[i]));
  std::vector<PooledShare> out;
  for (const auto& [setting, outcomes] : pooled.all())
    for (const auto& [key, of_attack] : outcomes)
      out.push_back({setting, std::get<0>(key), std::get<1>(key), share_of(of_attack)});
  return out;
}

std::string describe_pooled(const std::vector<PooledShare>& shares) {
  if (shares.empty()) return "";
  std::string out = fmt::format("\nIdentified images\n{:<20} {:<6} {:>8} {:>6} {:>10} {:>16}  {}\n",
                                "attack", "of", "networks", "images", "identified", "95 %", "at");
  for (const PooledShare& p : shares)
    out += fmt::format("{:<20} {:<6} {:>8} {:>6} {:>9.0f}% {:>16}  {}\n", p.method, p.kind,
                       p.share.networks, p.share.images, 100 * p.share.value, limits(p.share),
                       p.setting.empty() ? "the base configuration" : p.setting);
  return out + fmt::format(
                   "Each run.seed is another network. Below {} networks there is no interval: the "
                   "range is that of the shares under each.\n",
                   kFewestNetworks);
}

}  // namespace medpfl
