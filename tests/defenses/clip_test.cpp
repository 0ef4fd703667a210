#include <gtest/gtest.h>

#include "defenses/defense.hpp"
#include "updates.hpp"

namespace medpfl {
namespace {

using namespace testing;

TEST(Clip, KeepsTheDirectionAndSetsTheNorm) {
  const FlatParameters update = random_update(1000);
  FlatParameters clipped = update;
  make_hook("clip", {{"bound", "2.5"}})->apply(&clipped, {});
  EXPECT_NEAR(clipped.norm(), 2.5, 1e-5);
  double product = 0;
  for (int64_t i = 0; i < update.size(); ++i)
    product += static_cast<double>(update.data()[i]) * clipped.data()[i];
  EXPECT_NEAR(product / (update.norm() * clipped.norm()), 1, 1e-9);
}

TEST(Clip, LeavesSmallUpdatesUntouched) {
  FlatParameters update = random_update(1000);
  update.multiply(0.5 / update.norm());
  EXPECT_EQ(defended(*make_hook("clip"), update, {}), values_of(update));
}

TEST(Clip, TheBoundIsForAllLayersTogether) {
  // The two layers of update_of have norms 3 and 4: neither exceeds 4.5, both together do.
  FlatParameters update = update_of({3, 0, 4});
  make_hook("clip", {{"bound", "4.5"}})->apply(&update, {});
  EXPECT_NEAR(update.data()[0], 2.7, 1e-6);
  EXPECT_NEAR(update.data()[2], 3.6, 1e-6);
}

TEST(Clip, SaysWhatItDoes) {
  EXPECT_EQ(make_defense("clip").describe(), "clip bound=1");
  EXPECT_TRUE(violation(defenses().find("clip").options.front(), "0").has_value());
}

}  // namespace
}  // namespace medpfl
