// What a run will make, counted by hand: a hospital of 6 images, one of 4, and one of a single one.
#include "study/run_counts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace medpfl {
namespace {

RunCounts counted(std::vector<std::string> words) {
  words.insert(words.begin(),
               {"federation.clients=3", "federation.algorithm=fedavg", "attack.probe_batch=2"});
  Config config;
  for (const std::string& word : words) config.read_arguments({"--" + word});
  const Settings s = make_settings(config);
  FederatedData data;
  data.class_names = {"a", "b"};
  data.shard_sizes = {6, 4, 1};
  data.placement = {0, 0, 0};
  const Model model = make_model(config, s, data.classes());
  return count_run(s, data, model, *make_algorithm(config, s, model, s.seeds), 1);
}

// It takes batches of any size.
const std::string kMethod = "attack.method=inverting-gradients", kRestarts = "attack.restarts=3";

TEST(RunCounts, UpdatesAlone) {
  const RunCounts counts = counted({kMethod, kRestarts});
  EXPECT_EQ(counts.attacked, 3);
  EXPECT_EQ(counts.attacked_probes, 0);
  EXPECT_EQ(counts.tasks, 9);
  EXPECT_EQ(counts.evaluations, 9 * 4800) << "of Adam, one an iteration";
  EXPECT_EQ(counts.attacked_images, 11);
  EXPECT_EQ(counts.reconstructed, 33);
  EXPECT_EQ(counts.attacked_batch, 6);
}

TEST(RunCounts, UpdatesAndProbesTogether) {
  const RunCounts counts = counted({kMethod, kRestarts, "attack.probes=3"});
  EXPECT_EQ(counts.attacked, 3 + 3 + 2) << "four images make two probes of two, one makes none";
  EXPECT_EQ(counts.attacked_probes, 5);
  EXPECT_EQ(counts.tasks, 3 * 8);
  EXPECT_EQ(counts.attacked_images, 11 + 10);
  EXPECT_EQ(counts.reconstructed, 3 * 21);
  EXPECT_EQ(counts.attacked_batch, 6);
  EXPECT_EQ(counts.attacked_messages, (std::vector<int64_t>{8}));
  EXPECT_EQ(counts.attacked_at_once, 8);
  EXPECT_EQ(counts.attacked_clients, 3);
}

TEST(RunCounts, TheKindsThatAreNamed) {
  const RunCounts probes = counted({kMethod, "attack.probes=3", "attack.targets=probes"});
  EXPECT_EQ(probes.attacked, 5);
  EXPECT_EQ(probes.attacked_batch, 2);
  EXPECT_EQ(probes.attacked_clients, 2);
  const RunCounts updates = counted({kMethod, "attack.probes=3", "attack.targets=updates"});
  EXPECT_EQ(updates.attacked, 3);
  EXPECT_EQ(updates.attacked_probes, 0);
  EXPECT_EQ(updates.messages, probes.messages) << "what is sent is the same";
}

TEST(RunCounts, EachAttackOnTheKindsItReads) {
  const RunCounts counts =
      counted({"attack.method=inverting-gradients,fc-readout", "model.name=mlp",
               "attack.probe_batch=1", "attack.probes=2", "attack.fc-readout.labels=idlg"});
  EXPECT_EQ(counts.attacked, 3 + 2 + 2 + 1);
  EXPECT_EQ(counts.evaluations, 8 * 4800) << "a closed form spends none";
  EXPECT_EQ(counts.tasks, 8 + 5) << "fc-readout reads the label of a single image here";
}

}  // namespace
}  // namespace medpfl
