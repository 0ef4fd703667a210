#include "data/partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

using Shards = std::vector<std::vector<int64_t>>;

constexpr int kDirichletDraws = 10;

Shards deal_iid(int64_t images, int64_t clients, RandomStream* random) {
  Shards shards(static_cast<size_t>(clients));
  size_t turn = 0;
  for (const int64_t position : random->permutation(images))
    shards[turn++ % shards.size()].push_back(position);
  return shards;
}

// Gamma draws as logarithms, G(a) = G(a+1) U^(1/a): at a small alpha plain draws underflow to 0.
std::vector<double> dirichlet(double alpha, int64_t n, RandomStream* random) {
  std::vector<double> share(static_cast<size_t>(n));
  for (double& s : share) {
    const double log_gamma = std::log(random->gamma(alpha + 1.0));
    s = std::max(log_gamma + std::log(1.0 - random->uniform()) / alpha, -1e300);
  }
  const double largest = *std::max_element(share.begin(), share.end());
  for (double& s : share) s = std::exp(s - largest);
  const double sum = std::accumulate(share.begin(), share.end(), 0.0);
  for (double& s : share) s /= sum;
  return share;
}

Shards draw_dirichlet(const Shards& by_class, int64_t clients, double alpha, RandomStream* random) {
  Shards shards(static_cast<size_t>(clients));
  for (const std::vector<int64_t>& members : by_class) {
    const auto count = static_cast<int64_t>(members.size());
    const std::vector<int64_t> order = random->permutation(count);
    const std::vector<double> share = dirichlet(alpha, clients, random);
    double cumulated = 0;
    int64_t begin = 0;
    for (size_t client = 0; client < shards.size(); ++client) {
      cumulated += share[client];
      const bool last = client + 1 == shards.size();
      const auto cut = static_cast<int64_t>(cumulated * static_cast<double>(count));
      const int64_t end = last ? count : std::clamp(cut, begin, count);
      for (int64_t i = begin; i < end; ++i)
        shards[client].push_back(members[static_cast<size_t>(order[static_cast<size_t>(i)])]);
      begin = end;
    }
  }
  return shards;
}

bool has_empty(const Shards& shards) {
  return std::any_of(shards.begin(), shards.end(), [](const auto& shard) { return shard.empty(); });
}

// Each empty shard takes the last image of the largest one (the first among equals).
void fill_empty(Shards* shards) {
  const auto smaller = [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second > b.second;
  };
  std::priority_queue<std::pair<size_t, size_t>, std::vector<std::pair<size_t, size_t>>,
                      decltype(smaller)>
      by_size(smaller);
  for (size_t i = 0; i < shards->size(); ++i) by_size.emplace((*shards)[i].size(), i);
  for (std::vector<int64_t>& shard : *shards) {
    if (!shard.empty()) continue;
    const auto [size, giver] = by_size.top();
    by_size.pop();
    shard.push_back((*shards)[giver].back());
    (*shards)[giver].pop_back();
    by_size.emplace(size - 1, giver);
  }
}

Shards deal_dirichlet(const std::vector<int64_t>& labels, int64_t classes, int64_t clients,
                      double alpha, RandomStream* random) {
  Shards by_class(static_cast<size_t>(classes));
  for (size_t i = 0; i < labels.size(); ++i)
    by_class[static_cast<size_t>(labels[i])].push_back(static_cast<int64_t>(i));
  Shards shards = draw_dirichlet(by_class, clients, alpha, random);
  for (int draw = 1; draw < kDirichletDraws && has_empty(shards); ++draw)
    shards = draw_dirichlet(by_class, clients, alpha, random);
  if (has_empty(shards)) fill_empty(&shards);
  return shards;
}

Shards deal_label_shards(const std::vector<int64_t>& labels, int64_t clients, int64_t per_client,
                         RandomStream* random) {
  const auto images = static_cast<int64_t>(labels.size());
  // Compared by division: the product of two large options could overflow.
  if (images / clients < per_client)
    throw DataError(fmt::format(
        "{} images cannot be cut into {} x {} pieces (clients x shards_per_client), one image at "
        "least in each; use fewer clients or more images",
        images, clients, per_client));
  const int64_t pieces = clients * per_client;
  std::vector<int64_t> order(labels.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return labels[static_cast<size_t>(a)] < labels[static_cast<size_t>(b)];
  });
  Shards shards(static_cast<size_t>(clients));
  const std::vector<int64_t> deal = random->permutation(pieces);
  for (int64_t i = 0; i < pieces; ++i) {
    const int64_t piece = deal[static_cast<size_t>(i)];
    std::vector<int64_t>& shard = shards[static_cast<size_t>(i / per_client)];
    shard.insert(shard.end(), order.begin() + images * piece / pieces,
                 order.begin() + images * (piece + 1) / pieces);
  }
  return shards;
}

void check(const std::vector<int64_t>& labels, int64_t classes, int64_t clients,
           const PartitionOptions& options) {
  if (clients < 1)
    throw ConfigError(fmt::format("clients = {}: there must be 1 hospital at least", clients));
  if (options.kind == PartitionKind::kDirichlet &&
      !(options.alpha > 0 && std::isfinite(options.alpha)))
    throw ConfigError(
        fmt::format("alpha = {} of the Dirichlet partition must be above 0", options.alpha));
  if (options.kind == PartitionKind::kLabelShards && options.shards_per_client < 1)
    throw ConfigError(
        fmt::format("shards_per_client = {} must be at least 1", options.shards_per_client));
  if (static_cast<int64_t>(labels.size()) < clients)
    throw DataError(fmt::format(
        "{} training images cannot be dealt to {} hospitals, one at least to each; use fewer "
        "clients or more images",
        labels.size(), clients));
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= classes)
      throw DataError(fmt::format("label {} of training image {} is not a class in 0 ... {}",
                                  labels[i], i, classes - 1));
}

}  // namespace

const Words<PartitionKind>& words_of(PartitionKind) {
  using K = PartitionKind;
  static const Words<K> words = {
      {K::kIid, "iid"}, {K::kDirichlet, "dirichlet"}, {K::kLabelShards, "label-shards"}};
  return words;
}

Partition make_partition(const std::vector<int64_t>& labels, int64_t classes, int64_t clients,
                         const PartitionOptions& options) {
  check(labels, classes, clients, options);
  RandomStream random({options.seed, Purpose::kPartition, 0, 0, 0});
  Partition partition;
  switch (options.kind) {
    case PartitionKind::kIid:
      partition.shards = deal_iid(static_cast<int64_t>(labels.size()), clients, &random);
      break;
    case PartitionKind::kDirichlet:
      partition.shards = deal_dirichlet(labels, classes, clients, options.alpha, &random);
      break;
    case PartitionKind::kLabelShards:
      partition.shards = deal_label_shards(labels, clients, options.shards_per_client, &random);
      break;
  }
  for (std::vector<int64_t>& shard : partition.shards) std::sort(shard.begin(), shard.end());
  return partition;
}

}  // namespace medpfl
