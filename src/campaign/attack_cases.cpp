#include "campaign/attack_cases.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <set>
#include <utility>

#include "campaign/scoring.hpp"
#include "core/keep_flat.hpp"
#include "data/pixels.hpp"
#include "metrics/look_alikes.hpp"

namespace medpfl {
namespace {

template <class T>
std::vector<int64_t> keys_of(const std::map<int64_t, T>& map) {
  std::vector<int64_t> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

}  // namespace

void AttackCase::keep(Archive& a, const ParameterLayout& layout) {
  a.version(1);
  a.group("observation", [&](Archive& b) { observation.keep(b, layout); });
  a("images", &truth.images);
  a("labels", &truth.labels);
  a("gradient_norm", &gradient_norm);
}

at::Tensor AttackCases::candidates(const Observation& observation) const {
  if (observation.client != Observation::kSum) return candidates_of_one(observation);
  const std::vector<int64_t>& clients = sums_.at(observation.round);
  const int64_t each = std::max<int64_t>(1, kMaxCandidates / static_cast<int64_t>(clients.size()));
  std::vector<at::Tensor> images;
  for (const int64_t client : clients) images.push_back(shards_.at(client).slice(0, 0, each));
  return at::cat(images);
}

at::Tensor AttackCases::candidates_of_one(const Observation& observation) const {
  const at::Tensor& own = shards_.at(observation.client);
  if (observation.probe >= 0) return own;
  std::set<int64_t> others;
  for (const AttackCase& one : cases_)
    if (one.observation.round == observation.round) others.insert(one.observation.client);
  others.erase(observation.client);
  std::vector<at::Tensor> images = {own};
  int64_t room = kMaxCandidates - own.size(0);
  for (const int64_t client : others) {
    if (room <= 0) break;
    const at::Tensor& theirs = shards_.at(client);
    images.push_back(theirs.slice(0, 0, room));
    room -= images.back().size(0);
  }
  return at::cat(images);
}

void AttackCases::score_without_attack(int64_t i, const at::Tensor& public_mean) {
  AttackCase& one = cases_[static_cast<size_t>(i)];
  const at::Tensor truth = to_unit_range(one.truth.images), among = candidates(one.observation);
  const auto score = [&](const at::Tensor& images) {
    return score_images(one, among, images, public_mean);
  };
  one.without_attack.public_mean = score(public_mean.unsqueeze(0).expand(truth.sizes()));
  one.without_attack.near_duplicates = count_near_duplicates(truth, to_unit_range(among));
  if (!public_images_.defined()) return;
  const at::Tensor open = to_unit_range(public_images_);
  const at::Tensor nearest = at::tensor(nearest_images(truth, open), at::kLong);
  one.without_attack.public_nearest = score(open.index_select(0, nearest));
}

void AttackCases::keep(Archive& a) {
  a.version(1);
  a.each("cases", &cases_, [&](Archive& b, AttackCase* one) { one->keep(b, layout_); });
  std::vector<int64_t> rounds = keys_of(weights_), clients = keys_of(shards_);
  a.each("weights", &rounds, [&](Archive& b, int64_t* round) {
    b("round", round);
    keep_flat(b, "of_round", layout_, &weights_[*round]);
  });
  a.each("shards", &clients, [&](Archive& b, int64_t* client) {
    b("client", client);
    b("images", &shards_[*client]);
  });
  rounds = keys_of(sums_);
  a.each("sums", &rounds, [&](Archive& b, int64_t* round) {
    b("round", round);
    b("clients", &sums_[*round]);
  });
}

}  // namespace medpfl
