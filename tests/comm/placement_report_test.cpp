#include <gtest/gtest.h>

#include <algorithm>

#include "comm/rank_place.hpp"

namespace medpfl {
namespace {

RankPlace place(const std::string& host, int local_rank, std::vector<int> cpus, int threads = 1) {
  RankPlace p;
  p.host = host;
  p.local_rank = local_rank;
  p.cpus = std::move(cpus);
  p.threads = threads;
  return p;
}

RankPlace on_gpu(const std::string& host, int local_rank, const std::string& uuid) {
  RankPlace p = place(host, local_rank, {0, 1, 2, 3});
  p.gpu = 0;
  p.device = "Fake";
  p.device_uuid = uuid;
  return p;
}

// `hosts` machines with `each` ranks, one CPU a rank.
std::vector<RankPlace> bound(int hosts, int each) {
  std::vector<RankPlace> places;
  for (int h = 0; h < hosts; ++h)
    for (int r = 0; r < each; ++r) places.push_back(place("node" + std::to_string(h), r, {r}));
  return places;
}

int64_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(PlacementTable, FoldsEqualRanks) {
  const std::vector<RankPlace> places = {place("a", 0, {0, 1, 2, 3, 8}),
                                         place("a", 1, {0, 1, 2, 3, 8}), place("b", 0, {}, 2)};
  EXPECT_EQ(placement_table(places, 20),
            "ranks                    host                     local rank CPU set                  "
            "threads  device\n"
            "0-1                      a                        0-1        0-3,8                    "
            "      1  cpu\n"
            "2                        b                        0          unknown                  "
            "      2  cpu\n");
}

TEST(PlacementTable, FoldsHostsWhereThereAreMany) {
  EXPECT_EQ(lines(placement_table(bound(5, 4), 20)), 1 + 20);
  const std::string folded = placement_table(bound(100, 4), 20);
  EXPECT_EQ(lines(folded), 1 + 4) << folded;
  EXPECT_TRUE(has(folded, "0,4,8,12,16,20,24,28,...")) << folded;
  EXPECT_TRUE(has(folded, "node0 +99")) << folded;
}

TEST(PlacementTable, CutsWhatIsStillTooLong) {
  const std::string cut = placement_table(bound(2, 64), 20);
  EXPECT_EQ(lines(cut), 1 + 20) << cut;
  EXPECT_TRUE(has(cut, "90 more ranks: see /environment of run.h5")) << cut;
}

TEST(PlacementWarnings, NoneWhereEachThreadHasItsCpu) {
  EXPECT_TRUE(placement_warnings(bound(3, 4)).empty());
  EXPECT_TRUE(placement_warnings({place("a", 0, {0, 1}, 1), place("a", 1, {0, 1}, 1)}).empty());
  EXPECT_TRUE(placement_warnings({place("a", 0, {}, 64)}).empty());
}

TEST(PlacementWarnings, MoreThreadsThanTheSetOfTheRank) {
  const auto warnings = placement_warnings({place("a", 0, {0}, 4), place("a", 1, {1}, 4)});
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0],
            "rank 0 on a has 4 threads on CPU 0 (and so 1 more ranks): mpirun binds a rank to one "
            "core by default; use mpirun --bind-to none or --map-by slot:PE=4, under Slurm srun "
            "--cpus-per-task=4");
}

TEST(PlacementWarnings, SeveralRanksOnOneCpu) {
  const auto warnings =
      placement_warnings({place("a", 0, {5}), place("a", 1, {5}), place("b", 0, {5})});
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(has(warnings[0], "ranks 0-1 on a are all bound to CPU 5: ")) << warnings[0];
}

TEST(PlacementWarnings, MoreThreadsThanTheSetsOfAHost) {
  const auto warnings = placement_warnings(
      {place("a", 0, {0, 1}, 2), place("a", 1, {1, 2}, 2), place("b", 0, {0, 1, 2, 3}, 4)});
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(has(warnings[0], "the ranks of a have 4 threads together on 3 CPUs: "))
      << warnings[0];
}

TEST(PlacementFallback, NamesTheFirstRankAndItsReason) {
  std::vector<RankPlace> places = {on_gpu("a", 0, "GPU-1"), place("b", 0, {0}), place("b", 1, {1})};
  EXPECT_EQ(placement_fallback(places), "");
  places[1].missing_gpu = places[2].missing_gpu = "it is gone";
  EXPECT_EQ(placement_fallback(places),
            "run.device=auto: rank 1 on b computes on the CPU (and so 1 more ranks), because it is "
            "gone");
}

TEST(PlacementWarnings, RanksThatShareAGpu) {
  EXPECT_TRUE(placement_warnings({on_gpu("a", 0, "GPU-1"), on_gpu("a", 1, "GPU-2")}).empty());
  const auto warnings = placement_warnings(
      {on_gpu("a", 0, "GPU-1"), on_gpu("a", 1, "GPU-2"), on_gpu("a", 2, "GPU-1")});
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(has(warnings[0], "ranks 0,2 share the GPU GPU-1 (Fake) of a: ")) << warnings[0];
}

}  // namespace
}  // namespace medpfl
