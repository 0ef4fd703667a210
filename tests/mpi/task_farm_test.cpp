#include "comm/task_farm.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "world.hpp"

namespace medpfl {
namespace {

std::vector<int> run(int64_t tasks, bool all_ranks) {
  std::vector<int> accepted(static_cast<size_t>(tasks), 0);
  TaskFarm farm;
  farm.tasks = tasks;
  farm.all_ranks = all_ranks;
  farm.describe = [](int64_t i) { return std::to_string(i); };
  farm.execute = [](const std::string& description, const std::function<void()>& tick) {
    for (int k = 0; k < 100; ++k) tick();
    return description + "!";
  };
  farm.accept = [&](int64_t i, const std::string& result) {
    EXPECT_EQ(result, std::to_string(i) + "!");
    ++accepted[static_cast<size_t>(i)];
  };
  run_tasks(world(), farm);
  return accepted;
}

TEST(TaskFarm, EveryTaskOnce) {
  for (const bool all_ranks : {false, true}) {
    for (const int64_t tasks : {0, 1, 3, 50}) {
      const std::vector<int> accepted = run(tasks, all_ranks);
      const std::vector<int> once(static_cast<size_t>(tasks), 1);
      if (world().is_root()) {
        EXPECT_EQ(accepted, once);
      }
    }
  }
}

}  // namespace
}  // namespace medpfl
