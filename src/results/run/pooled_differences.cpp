#include "results/run/pooled_differences.hpp"

#include <algorithm>
#include <deque>
#include <tuple>

namespace medpfl {
namespace {

// One attack at one setting, over the networks seen so far.
struct Pairs {
  PooledDifference row;
  std::vector<CrossedValue> values;
};

// Adds the pairs of one network. An image that stands twice in a message has two partners.
void add_pairs(const std::vector<ImageOutcome>& images, const std::vector<ImageOutcome>& others,
               Pairs* pairs) {
  using Place = std::tuple<int64_t, int64_t, int64_t, int64_t>;
  const auto place_of = [](const ImageOutcome& i) {
    return Place(i.message.round, i.message.client, i.message.probe, i.outcome.image);
  };
  std::map<Place, std::deque<bool>> open;
  for (const ImageOutcome& other : others) open[place_of(other)].push_back(other.outcome.success);
  auto left = static_cast<int64_t>(others.size());
  for (const ImageOutcome& image : images) {
    std::deque<bool>& partners = open[place_of(image)];
    if (partners.empty()) {
      ++pairs->row.unpaired;
      continue;
    }
    const Outcome& o = image.outcome;
    pairs->values.push_back(
        {o.image, o.cluster, o.network,
         static_cast<double>(o.success) - static_cast<double>(partners.front())});
    partners.pop_front();
    --left;
  }
  pairs->row.unpaired += left;
}

Pairs& find_or_add(const PooledDifference& row, std::vector<Pairs>* all) {
  const auto same = [&](const Pairs& pairs) {
    return pairs.row.setting == row.setting && pairs.row.kind == row.kind &&
           pairs.row.method == row.method;
  };
  const auto found = std::find_if(all->begin(), all->end(), same);
  if (found != all->end()) return *found;
  all->push_back({row, {}});
  return all->back();
}

}  // namespace

std::vector<PooledDifference> pool_differences(const std::map<int64_t, PointOutcomes>& points) {
  std::vector<Pairs> all;
  for (const auto& [number, point] : points) {
    const auto other = points.find(point.against);
    for (const auto& [key, attack] : point.attacks) {
      PooledDifference row;
      row.setting = point.setting;
      row.kind = key.kind;
      row.method = key.method;
      Pairs& pairs = find_or_add(row, &all);
      if (other == points.end()) {
        pairs.row.unpaired += static_cast<int64_t>(attack.images.size());
        continue;
      }
      pairs.row.against = other->second.setting;
      pairs.row.control = point.control;
      const auto partner = other->second.attacks.find(key);
      add_pairs(attack.images,
                partner == other->second.attacks.end() ? std::vector<ImageOutcome>()
                                                       : partner->second.images,
                &pairs);
    }
  }
  std::vector<PooledDifference> out;
  for (Pairs& pairs : all) {
    if (pairs.values.empty()) continue;
    pairs.row.difference = difference_of(pairs.values);
    out.push_back(pairs.row);
  }
  return out;
}

}  // namespace medpfl
