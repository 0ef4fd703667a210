// What defenses did to the updates, as rank 0 records it and keeps it in a checkpoint.
#include "results/resume/defense_log.hpp"

#include <gtest/gtest.h>

#include "../core/archive_trip.hpp"
#include "world.hpp"

namespace medpfl {
namespace {

using archive_trip::expect_refusals;
using archive_trip::expect_same_state;

DefenseChain chain_of_two() {
  DefenseChain chain;
  for (const char* name : {"one", "two"}) {
    Defense defense;
    defense.name = name;
    chain.append(std::move(defense));
  }
  return chain;
}

DefenseReport report(double scale) {
  DefenseReport out;
  out.norm_before = 2 * scale;
  out.norm_after = scale;
  out.zeros = static_cast<int64_t>(3 * scale);
  out.entries = 100;
  out.cost = {WireForm::kDense, 150};
  return out;
}

class DefenseLogState : public ::testing::Test {
 protected:
  // Each rank has one hospital, and that of the last rank comes first.
  DefenseLogState() {
    const int64_t client = world_.size() - 1 - world_.rank();
    for (int64_t round = 0; round < 2; ++round) {
      Message update, probe;
      update.round = probe.round = round;
      update.client = probe.client = client;
      probe.probe = 0;
      update.defenses = {report(1 + static_cast<double>(client)), report(0.5)};
      probe.defenses = update.defenses;
      log_.on_messages(RoundPlan(), FlatParameters(), {update, probe});
      log_.on_round_end(RoundPlan(), RoundRecord(), FlatParameters());
    }
  }

  Communicator world_ = world();
  DefenseChain chain_ = chain_of_two();
  DefenseLog log_{world_, chain_}, fresh_{world_, chain_};
};

TEST_F(DefenseLogState, ComesBackWhole) {
  if (!world_.is_root()) return;
  expect_same_state(&log_, &fresh_);
  const auto clients = static_cast<size_t>(world_.size());
  ASSERT_EQ(log_.rows().size(), 4 * clients) << "probes are not recorded";
  ASSERT_EQ(fresh_.rows().size(), 4 * clients);
  for (size_t i = 0; i < log_.rows().size(); ++i) {
    const DefenseLog::Row &was = log_.rows()[i], &is = fresh_.rows()[i];
    EXPECT_EQ(was.round, static_cast<int64_t>(i / (2 * clients)));
    EXPECT_EQ(was.client, static_cast<int64_t>(i / 2 % clients));
    EXPECT_EQ(was.defense, static_cast<int64_t>(i % 2));
    EXPECT_EQ(is.round, was.round);
    EXPECT_EQ(is.client, was.client);
    EXPECT_EQ(is.defense, was.defense);
    EXPECT_GT(is.report.norm_before, 0);
    EXPECT_EQ(is.report.norm_before, was.report.norm_before);
    EXPECT_EQ(is.report.norm_after, was.report.norm_after);
    EXPECT_EQ(is.report.zeros, was.report.zeros);
    EXPECT_EQ(is.report.entries, was.report.entries);
    EXPECT_EQ(is.report.cost.bytes, was.report.cost.bytes);
    EXPECT_EQ(is.report.cost.form, was.report.cost.form);
  }
  EXPECT_EQ(log_.saved_bytes(), static_cast<int64_t>(clients) * (4 * 100 - 150));
}

TEST_F(DefenseLogState, AnotherVersionOrAMissingEntryIsRefused) {
  if (!world_.is_root()) return;
  expect_refusals(&log_, &fresh_, "rows");
  EXPECT_EQ(archive_trip::refusal(archive_trip::without(archive_trip::save(&log_), "report.zeros"),
                                  &fresh_),
            "state: rows has no entry 'report.zeros', which version 1 needs; resume with another "
            "program");
}

}  // namespace
}  // namespace medpfl
