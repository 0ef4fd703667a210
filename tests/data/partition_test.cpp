#include "data/partition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.hpp"
#include "fixtures.hpp"

namespace medpfl {
namespace {

using fixtures::expect_data_error;

std::vector<int64_t> cyclic_labels(int64_t images, int64_t classes) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < images; ++i) labels.push_back(i % classes);
  return labels;
}

PartitionOptions options(PartitionKind kind, double alpha = 0.5, uint64_t seed = 1) {
  PartitionOptions out;
  out.kind = kind;
  out.alpha = alpha;
  out.seed = seed;
  return out;
}

void expect_partition(const Partition& partition, int64_t images, int64_t clients) {
  ASSERT_EQ(static_cast<int64_t>(partition.shards.size()), clients);
  std::vector<int64_t> all;
  for (const auto& shard : partition.shards) {
    EXPECT_FALSE(shard.empty());
    EXPECT_TRUE(std::is_sorted(shard.begin(), shard.end()));
    all.insert(all.end(), shard.begin(), shard.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<int64_t> expected(static_cast<size_t>(images));
  for (int64_t i = 0; i < images; ++i) expected[static_cast<size_t>(i)] = i;
  EXPECT_EQ(all, expected);
}

struct Case {
  PartitionKind kind;
  double alpha;
  int64_t images, classes, clients;
};

class EveryImageOnce : public testing::TestWithParam<Case> {};

TEST_P(EveryImageOnce, AndAgainTheSame) {
  const Case& c = GetParam();
  const std::vector<int64_t> labels = cyclic_labels(c.images, c.classes);
  const Partition partition =
      make_partition(labels, c.classes, c.clients, options(c.kind, c.alpha));
  expect_partition(partition, c.images, c.clients);
  EXPECT_EQ(make_partition(labels, c.classes, c.clients, options(c.kind, c.alpha)).shards,
            partition.shards);
  if (c.clients > 1 && c.clients < c.images) {
    EXPECT_NE(make_partition(labels, c.classes, c.clients, options(c.kind, c.alpha, 2)).shards,
              partition.shards);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryImageOnce,
                         testing::Values(Case{PartitionKind::kIid, 1, 103, 4, 10},
                                         Case{PartitionKind::kIid, 1, 5, 2, 5},
                                         Case{PartitionKind::kIid, 1, 5, 2, 1},
                                         Case{PartitionKind::kDirichlet, 0.5, 1000, 4, 10},
                                         Case{PartitionKind::kDirichlet, 1e-4, 200, 4, 20},
                                         Case{PartitionKind::kDirichlet, 1e6, 200, 3, 7},
                                         Case{PartitionKind::kDirichlet, 1e-310, 50, 2, 5},
                                         Case{PartitionKind::kDirichlet, 0.1, 300, 2, 290},
                                         Case{PartitionKind::kDirichlet, 0.5, 9, 3, 9},
                                         Case{PartitionKind::kLabelShards, 1, 103, 10, 11},
                                         Case{PartitionKind::kLabelShards, 1, 20, 2, 10}));

TEST(Partition, IidSizesDifferByOneAndAreMixed) {
  const std::vector<int64_t> labels = cyclic_labels(1003, 2);
  const Partition partition = make_partition(labels, 2, 10, options(PartitionKind::kIid));
  for (size_t k = 0; k < 10; ++k) {
    EXPECT_EQ(partition.shards[k].size(), k < 3 ? 101U : 100U);
    // 100 of 1003 drawn without replacement: 50 +- 5 of each class.
    const auto odd = std::count_if(partition.shards[k].begin(), partition.shards[k].end(),
                                   [](int64_t i) { return i % 2 == 1; });
    EXPECT_NEAR(static_cast<double>(odd), 50, 25);
  }
}

// Mean over hospitals of the share of the most frequent class.
double concentration(double alpha) {
  const int64_t classes = 4, clients = 20;
  const std::vector<int64_t> labels = cyclic_labels(8000, classes);
  const Partition partition =
      make_partition(labels, classes, clients, options(PartitionKind::kDirichlet, alpha));
  double sum = 0;
  for (const auto& shard : partition.shards) {
    std::vector<double> counts(static_cast<size_t>(classes), 0);
    for (const int64_t i : shard) ++counts[static_cast<size_t>(labels[static_cast<size_t>(i)])];
    sum += *std::max_element(counts.begin(), counts.end()) / static_cast<double>(shard.size());
  }
  return sum / static_cast<double>(clients);
}

TEST(Partition, SmallAlphaConcentratesClasses) {
  EXPECT_GT(concentration(0.05), 0.8);
  EXPECT_LT(concentration(1000), 0.3);
  EXPECT_LT(concentration(1), concentration(0.2));
}

TEST(Partition, DirichletSharesHaveTheRightSpread) {
  // A share of Dirichlet(alpha) over K has mean 1/K and variance (K-1) / (K^2 (K alpha + 1)).
  const int64_t clients = 5, images = 2000;
  const double alpha = 0.8;
  const std::vector<int64_t> labels(static_cast<size_t>(images), 0);
  double sum = 0, squares = 0;
  const int draws = 400;
  for (int seed = 0; seed < draws; ++seed)
    for (const auto& shard :
         make_partition(labels, 1, clients,
                        options(PartitionKind::kDirichlet, alpha, static_cast<uint64_t>(seed)))
             .shards) {
      const double share = static_cast<double>(shard.size()) / static_cast<double>(images);
      sum += share;
      squares += share * share;
    }
  const double n = draws * static_cast<double>(clients), k = static_cast<double>(clients);
  const double variance = squares / n - 1 / (k * k);
  EXPECT_NEAR(sum / n, 0.2, 1e-9);
  EXPECT_NEAR(variance, (k - 1) / (k * k * (k * alpha + 1)), 0.003);
}

TEST(Partition, LabelShardsGiveFewClasses) {
  const std::vector<int64_t> labels = cyclic_labels(1000, 10);
  const Partition partition = make_partition(labels, 10, 10, options(PartitionKind::kLabelShards));
  size_t distinct = 0;
  for (const auto& shard : partition.shards) {
    EXPECT_EQ(shard.size(), 100U);
    std::set<int64_t> classes;
    for (const int64_t i : shard) classes.insert(labels[static_cast<size_t>(i)]);
    EXPECT_LE(classes.size(), 2U);
    distinct += classes.size();
  }
  EXPECT_GT(distinct, 10U);
}

TEST(Partition, TooFewImagesAreRefusedWithBothNumbers) {
  const std::vector<int64_t> labels = cyclic_labels(9, 2);
  for (const PartitionKind kind :
       {PartitionKind::kIid, PartitionKind::kDirichlet, PartitionKind::kLabelShards})
    expect_data_error([&] { make_partition(labels, 2, 10, options(kind)); },
                      {"9 training images", "10 hospitals", "fewer clients"});
  expect_data_error([&] { make_partition(labels, 2, 5, options(PartitionKind::kLabelShards)); },
                    {"9 images", "5 x 2 pieces"});
}

TEST(Partition, WrongArgumentsAreRefused) {
  EXPECT_THROW(make_partition({0, 1}, 2, 0, options(PartitionKind::kIid)), ConfigError);
  EXPECT_THROW(make_partition({0, 1}, 2, 2, options(PartitionKind::kDirichlet, 0)), ConfigError);
  PartitionOptions none = options(PartitionKind::kLabelShards);
  none.shards_per_client = 0;
  EXPECT_THROW(make_partition({0, 1}, 2, 2, none), ConfigError);
  expect_data_error(
      [] {
        make_partition({0, 2}, 2, 1, options(PartitionKind::kIid));
      },
      {"label 2 of training image 1", "0 ... 1"});
}

}  // namespace
}  // namespace medpfl
