#include "comm/task_farm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "world.hpp"

namespace medpfl {
namespace {

// What became of a farm.
struct Outcome {
  std::vector<int> accepted;          // times each task's result came in, on rank 0
  std::vector<std::string> executed;  // the tasks each rank worked on, on rank 0
};

Outcome run(int64_t tasks, bool all_ranks) {
  const Communicator comm = world();
  Outcome outcome;
  outcome.accepted.resize(static_cast<size_t>(tasks), 0);
  std::string mine;
  TaskFarm farm;
  farm.tasks = comm.is_root() ? tasks : -1;  // other ranks need not know
  farm.all_ranks = all_ranks;
  farm.describe = [&](int64_t i) {
    EXPECT_TRUE(comm.is_root());
    return "task " + std::to_string(i);
  };
  farm.execute = [&](const std::string& description, const FarmTick& tick) {
    for (int k = 0; k < 1000; ++k) EXPECT_TRUE(tick([] { return std::string(); }));
    mine += description + ",";
    return "done: " + description;
  };
  farm.accept = [&](int64_t i, const std::string& result) {
    EXPECT_TRUE(comm.is_root());
    EXPECT_EQ(result, "done: task " + std::to_string(i));
    ++outcome.accepted[static_cast<size_t>(i)];
  };
  JobControl control;
  EXPECT_TRUE(run_tasks(comm, farm, &control));
  outcome.executed = comm.gather(mine);
  return outcome;
}

std::vector<std::string> tasks_of(const std::vector<std::string>& executed) {
  std::vector<std::string> all;
  for (std::string list : executed) {
    for (size_t comma = list.find(','); comma != std::string::npos; comma = list.find(',')) {
      all.push_back(list.substr(0, comma));
      list.erase(0, comma + 1);
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> expected(int64_t tasks) {
  std::vector<std::string> all;
  for (int64_t i = 0; i < tasks; ++i) all.push_back("task " + std::to_string(i));
  std::sort(all.begin(), all.end());
  return all;
}

// No task, fewer tasks than ranks, and many; farms follow one another without a pause.
TEST(TaskFarm, EveryTaskIsExecutedAndAcceptedOnce) {
  for (const bool all_ranks : {false, true}) {
    for (const int64_t tasks : {0, 1, 3, 50, 2}) {
      const Outcome outcome = run(tasks, all_ranks);
      if (!world().is_root()) continue;
      EXPECT_EQ(outcome.accepted, std::vector<int>(static_cast<size_t>(tasks), 1));
      EXPECT_EQ(tasks_of(outcome.executed), expected(tasks));
    }
  }
}

TEST(TaskFarm, RootAloneWorksUnlessAllMay) {
  const Outcome outcome = run(20, false);
  for (size_t rank = 1; rank < outcome.executed.size(); ++rank)
    EXPECT_EQ(outcome.executed[rank], "") << "rank " << rank;
}

// Every rank's first task lasts until every rank has one, which only works when all take part.
TEST(TaskFarm, AllRanksWorkAtTheSameTime) {
  const Communicator comm = world();
  constexpr int kStarted = 20, kGo = 21;
  int started = 0, results = 0;
  bool first = true;
  TaskFarm farm;
  farm.tasks = comm.size();
  farm.all_ranks = true;
  farm.describe = [](int64_t i) { return std::to_string(i); };
  farm.execute = [&](const std::string& description, const FarmTick& tick) {
    EXPECT_TRUE(first);
    first = false;
    if (!comm.is_root()) {
      comm.send(0, kStarted, description);
      EXPECT_EQ(comm.receive(0, kGo), "go");
      return description;
    }
    while (started < comm.size() - 1) {
      tick([] { return std::string(); });
      if (comm.poll(kStarted)) ++started;
    }
    for (int rank = 1; rank < comm.size(); ++rank) comm.send(rank, kGo, "go");
    return description;
  };
  farm.accept = [&](int64_t i, const std::string& result) {
    EXPECT_EQ(result, std::to_string(i));
    ++results;
  };
  JobControl control;
  EXPECT_TRUE(run_tasks(comm, farm, &control));
  EXPECT_EQ(results, comm.is_root() ? comm.size() : 0);
}

// Rank 0 hears of every task, also of those on other ranks, before it has the result.
TEST(TaskFarm, RunningTasksTellHowFarTheyAre) {
  const Communicator comm = world();
  constexpr int64_t kTasks = 6;
  std::vector<double> heard(kTasks, 0);
  int accepted = 0;
  double mine = 0;
  TaskFarm farm;
  farm.tasks = kTasks;
  farm.all_ranks = true;
  farm.pause = std::chrono::milliseconds(0);
  farm.describe = [](int64_t i) { return std::to_string(i); };
  farm.execute = [&](const std::string& description, const FarmTick& tick) {
    for (mine = 1; mine < 50; ++mine) EXPECT_TRUE(tick([] { return std::string(); }));
    return description;
  };
  farm.progress = [&] { return mine; };
  farm.hear = [&](int64_t i, double progress) {
    EXPECT_TRUE(comm.is_root());
    EXPECT_GE(progress, heard[static_cast<size_t>(i)]);
    heard[static_cast<size_t>(i)] = progress;
  };
  farm.accept = [&](int64_t i, const std::string&) {
    EXPECT_EQ(heard[static_cast<size_t>(i)], 49);
    ++accepted;
  };
  JobControl control;
  EXPECT_TRUE(run_tasks(comm, farm, &control));
  EXPECT_EQ(accepted, comm.is_root() ? kTasks : 0);
}

// At the thirtieth question orders to save; when that is carried out, perhaps to stop.
struct SavesOnce final : JobControl {
  JobOrder order() override {
    if (++asked == 30) return JobOrder::kSave;
    return stops && saves > 0 ? JobOrder::kStop : JobOrder::kGoOn;
  }
  void saved() override { ++saves; }
  bool stops = false;
  int asked = 0, saves = 0;
};

// Tasks that count to 200 and are saved and stopped on the way; a second farm goes on from what
// the first kept.
TEST(TaskFarm, WhatIsStoppedGoesOnFromItsState) {
  constexpr int64_t kTasks = 7;
  constexpr int kLength = 200;
  const Communicator comm = world();
  std::vector<std::string> state(kTasks, "0");
  std::vector<int> results(kTasks, 0);
  int steps = 0, saves = 0, farms = 0;
  bool all_done = false;
  while (!all_done) {
    ASSERT_LT(++farms, 100);
    TaskFarm farm;
    farm.tasks = kTasks;
    farm.all_ranks = true;
    farm.open = [&](int64_t i) { return results[static_cast<size_t>(i)] == 0; };
    farm.describe = [&](int64_t i) { return state[static_cast<size_t>(i)]; };
    farm.execute = [&](const std::string& from,
                       const FarmTick& tick) -> std::optional<std::string> {
      int at = std::stoi(from);
      while (at < kLength) {
        ++at;
        ++steps;
        // Else one rank could be done with everything before another answers.
        std::this_thread::sleep_for(std::chrono::microseconds(100));
        if (!tick([&] { return std::to_string(at); })) return std::nullopt;
      }
      return "done";
    };
    farm.accept = [&](int64_t i, const std::string& result) {
      EXPECT_EQ(result, "done");
      ++results[static_cast<size_t>(i)];
    };
    farm.keep = [&](int64_t i, const std::string& kept) {
      EXPECT_GE(std::stoi(kept), std::stoi(state[static_cast<size_t>(i)]));
      state[static_cast<size_t>(i)] = kept;
    };
    SavesOnce control;
    control.stops = farms == 1;
    all_done = run_tasks(comm, farm, &control);
    saves += control.saves;
  }
  const std::vector<std::string> all = comm.gather(std::to_string(steps));
  if (!comm.is_root()) return;
  EXPECT_EQ(results, std::vector<int>(kTasks, 1));
  EXPECT_GT(saves, 0);
  EXPECT_GT(farms, 1);
  int total = 0;
  for (const std::string& text : all) total += std::stoi(text);
  EXPECT_EQ(total, kTasks * kLength) << "a step was lost or made twice";
}

struct SignalledOnLast final : JobControl {
  bool stop_signalled() const override { return world().rank() == world().size() - 1; }
  void note_stop() override { asked = true; }
  JobOrder order() override { return asked ? JobOrder::kStop : JobOrder::kGoOn; }
  bool asked = false;
};

// A rank that is asked to stop tells rank 0, also one that has no task.
TEST(TaskFarm, ASignalOnAnyRankStopsAll) {
  const Communicator comm = world();
  bool began = false;
  TaskFarm farm;
  farm.tasks = 1;
  farm.describe = [](int64_t) { return ""; };
  farm.execute = [&](const std::string&, const FarmTick& tick) -> std::optional<std::string> {
    began = true;
    while (tick([] { return "state"; })) {
    }
    return std::nullopt;
  };
  farm.accept = [](int64_t, const std::string&) { ADD_FAILURE(); };
  std::string kept;
  farm.keep = [&](int64_t, const std::string& state) { kept = state; };
  SignalledOnLast control;
  EXPECT_FALSE(run_tasks(comm, farm, &control));
  EXPECT_EQ(kept, began ? "state" : "");
}

// Of whatever rank: the others end what they do, and all throw the same error.
TEST(TaskFarm, ATaskThatFailsIsOneErrorOfAllRanks) {
  const Communicator comm = world();
  for (const int failing : {0, comm.size() - 1}) {
    TaskFarm farm;
    farm.tasks = 2 * comm.size();
    farm.all_ranks = true;
    farm.describe = [](int64_t i) { return std::to_string(i); };
    farm.execute = [&](const std::string&, const FarmTick& tick) -> std::optional<std::string> {
      for (int i = 0; tick([] { return "state"; }); ++i)
        if (comm.rank() == failing && i == 50) throw FormatError("it does not fit");
      return std::nullopt;
    };
    farm.accept = [](int64_t, const std::string&) { ADD_FAILURE(); };
    farm.keep = [](int64_t, const std::string&) {};
    JobControl control;
    try {
      run_tasks(comm, farm, &control);
      ADD_FAILURE() << "no error on rank " << comm.rank();
    } catch (const AgreedError& error) {
      EXPECT_STREQ(error.what(), "it does not fit");
      EXPECT_EQ(error.code(), ExitCode::kFormat);
    }
    const Outcome after = run(5, true);
    EXPECT_EQ(after.accepted, std::vector<int>(5, comm.is_root() ? 1 : 0));
  }
}

}  // namespace
}  // namespace medpfl
