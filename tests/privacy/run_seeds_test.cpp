#include "privacy/run_seeds.hpp"

#include <gtest/gtest.h>

#include <set>

namespace medpfl {
namespace {

std::set<uint64_t> all_of(const RunSeeds& s) {
  return {s.world, s.server, s.clients, s.noise, s.masks};
}

void expect_same_but_secrets(const RunSeeds& one, const RunSeeds& other) {
  EXPECT_EQ(one.world, other.world);
  EXPECT_EQ(one.server, other.server);
  EXPECT_EQ(one.clients, other.clients);
}

// python3: int.from_bytes(hashlib.blake2b(label, key=root.to_bytes(8, "little") + bytes(24),
// digest_size=16).digest()[:8], "little") of each label; reference_seeds.py prints them.
TEST(RunSeeds, AreTheOnesOfPythonsBlake2b) {
  const RunSeeds plain = derive_seeds(1);
  EXPECT_EQ(plain.world, 0x070ec0a0868e1046U);
  EXPECT_EQ(plain.server, 0xf1d736e0ee001f9cU);
  EXPECT_EQ(plain.clients, 0xb8f4e6fb8bd49d17U);
  EXPECT_EQ(plain.noise, 0x2b7eb573df6034b4U);
  EXPECT_EQ(plain.masks, 0xac62dfcd7d284eecU);
  const RunSeeds keyed = derive_seeds(0xfedcba9876543210, {"\ndata.limit=3", "\ndata.limit=4"});
  EXPECT_EQ(keyed.world, 0x2ac0312c16844a45U);
  EXPECT_EQ(keyed.server, 0x72d39fd3b12e433aU);
  EXPECT_EQ(keyed.clients, 0x0eef3302ff67c18bU);
  EXPECT_EQ(keyed.noise, 0xfed489f5ac50bce9U);
  EXPECT_EQ(keyed.masks, 0x90624487be2b0d3eU);
  const RunSeeds over = over_inputs(keyed, "train_images = 00ff\n");
  EXPECT_EQ(over.noise, 0xde4509696be9d848U);
  EXPECT_EQ(over.masks, 0x60ebffed2125b9ffU);
}

TEST(RunSeeds, OverOtherInputsOnlyNoiseAndMasksAreOthers) {
  const RunSeeds run = derive_seeds(7), one = over_inputs(run, "a"), other = over_inputs(run, "b");
  EXPECT_NE(one.noise, other.noise);
  EXPECT_NE(one.masks, other.masks);
  for (const RunSeeds& over : {one, other}) expect_same_but_secrets(over, run);
}

TEST(RunSeeds, OfOneRootDifferAndSoDoThoseOfTwo) {
  const RunSeeds one = derive_seeds(1), two = derive_seeds(2);
  std::set<uint64_t> seen = all_of(one);
  const std::set<uint64_t> more = all_of(two);
  seen.insert(more.begin(), more.end());
  seen.insert({0, 1, 2});
  EXPECT_EQ(seen.size(), 13U);
}

// The server's seed, as a root, tells nothing of the rest.
TEST(RunSeeds, OfTheServerAreNoRootOfTheHospitals) {
  const RunSeeds run = derive_seeds(1);
  std::set<uint64_t> seen = all_of(run);
  const std::set<uint64_t> tried = all_of(derive_seeds(run.server));
  seen.insert(tried.begin(), tried.end());
  EXPECT_EQ(seen.size(), 10U);
}

TEST(RunSeeds, SecretsAreKeyedApartFromTheRest) {
  const RunSeeds none = derive_seeds(7), noise = derive_seeds(7, {"\na=1", ""}),
                 masks = derive_seeds(7, {"", "\na=1"});
  EXPECT_NE(noise.noise, none.noise);
  EXPECT_EQ(noise.masks, none.masks);
  EXPECT_EQ(masks.noise, none.noise);
  EXPECT_NE(masks.masks, none.masks);
  for (const RunSeeds& other : {noise, masks}) expect_same_but_secrets(other, none);
}

}  // namespace
}  // namespace medpfl
