#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "core/error.hpp"
#include "results/run/run_summary.hpp"
#include "study/attack_config.hpp"
#include "study/federated_run.hpp"
#include "study/file_estimate.hpp"
#include "study/recorded_attack.hpp"
#include "world.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

// Four hospitals with six images each, of which the first round is attacked.
Config tiny(const std::string& folder) {
  Config config;
  for (const auto& [option, value] :
       std::map<std::string, std::string>{{"run.output", folder},
                                          {"run.device", "cpu"},
                                          {"data.dataset", "phantom"},
                                          {"data.image_size", "16"},
                                          {"data.channels", "1"},
                                          {"data.phantom.train", "24"},
                                          {"data.phantom.test", "8"},
                                          {"model.name", "lenet-medpfl"},
                                          {"model.init", "uniform"},
                                          {"model.init_scale", "0.5"},
                                          {"federation.clients", "4"},
                                          {"federation.rounds", "4"},
                                          {"federation.batch_size", "4"},
                                          {"attack.method", "idlg"},
                                          {"attack.rounds", "0"},
                                          {"attack.probes", "1"},
                                          {"attack.iterations", "3"},
                                          {"attack.idlg.line_search", "strong-wolfe"},
                                          {"output.weights", "true"}})
    config.assign(option, value, "test");
  return config;
}

// A run in a folder of its own, which is removed with it on rank 0.
class TinyRun {
 public:
  explicit TinyRun(Config config)
      : config_(std::move(config)),
        settings_(make_settings(config_)),
        place_(find_place(world_, 1, DeviceChoice::kCpu)) {}
  ~TinyRun() {
    world_.barrier();
    if (world_.is_root()) fs::remove_all(settings_.output);
  }
  TinyRun(const TinyRun&) = delete;
  TinyRun& operator=(const TinyRun&) = delete;

  RunContext context() const { return {world_, config_, settings_, place_}; }
  ExitCode run(const RunRequest& request = {}) const { return run_federation(context(), request); }
  std::string folder() const { return settings_.output; }
  std::string status() const { return find_run(folder())->status; }
  int64_t rounds() const {
    return static_cast<int64_t>(open_run(folder()).read<double>("/rounds/train_loss").size());
  }
  bool has_checkpoint() const { return fs::exists(folder() + "/checkpoint.h5"); }

 private:
  Communicator world_ = world();
  Config config_;
  Settings settings_;
  RankPlace place_;
};

int64_t bytes_in(const std::string& path) {
  if (fs::is_regular_file(path)) return static_cast<int64_t>(fs::file_size(path));
  int64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path))
    if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
  return bytes;
}

FileSizes estimate(const RunContext& context) {
  const Settings& s = context.settings;
  const FederatedData data =
      plan_federated_data(context.comm, *s.dataset, s.federated_data, s.federation);
  const Model model = make_model(context.config, s, data.classes());
  const auto algorithm = make_algorithm(context.config, s, model, s.seeds);
  return estimate_files(s, data, model, count_run(s, data, model, *algorithm, context.comm.size()));
}

// Files are a little larger than their data, never smaller, and what a run needs room for covers
// them.
TEST(Study, FilesAreAsLargeAsEstimated) {
  const TinyRun run(tiny(new_folder()));
  const FileSizes sizes = estimate(run.context());
  const RoomNeeds needs = room_needs(sizes);
  EXPECT_EQ(run.run(), ExitCode::kOk);
  if (!world().is_root()) return;
  const int64_t gradients = bytes_in(run.folder() + "/gradients");
  EXPECT_GE(gradients, sizes.capture.value_bytes);
  EXPECT_LE(gradients, sizes.capture.file_bytes);
  EXPECT_GE(2 * gradients, sizes.capture.file_bytes);
  const int64_t weights = bytes_in(run.folder() + "/weights");
  EXPECT_GE(weights, sizes.weights);
  EXPECT_LE(weights, sizes.weights + (64 << 10));
  EXPECT_GE(bytes_in(run.folder() + "/run.h5"), sizes.reconstructions);
  EXPECT_EQ(needs[3].first, "two run.h5 with reconstructions");
  EXPECT_LE(2 * bytes_in(run.folder() + "/run.h5"), needs[3].second);
}

TEST(Study, ARunThatHasNoTimeStopsWithACheckpointAndIsResumed) {
  const TinyRun run(tiny(new_folder()));
  const FileSizes sizes = estimate(run.context());
  EXPECT_EQ(run.run({false, 1e-6}), ExitCode::kInterrupted);
  if (world().is_root()) {
    EXPECT_EQ(run.status(), "interrupted");
    EXPECT_EQ(run.rounds(), 1);
    ASSERT_TRUE(run.has_checkpoint());
    EXPECT_LE(bytes_in(run.folder() + "/checkpoint.h5"), sizes.checkpoint);
  }
  EXPECT_EQ(run.run({true, 0}), ExitCode::kOk);
  if (!world().is_root()) return;
  EXPECT_EQ(run.status(), "complete");
  EXPECT_EQ(run.rounds(), 4);
  EXPECT_FALSE(run.has_checkpoint());
}

TEST(Study, RecordedGradientsAreAttackedAgain) {
  const TinyRun run(tiny(new_folder()));
  EXPECT_EQ(run.run(), ExitCode::kOk);
  world().barrier();
  Config config = recorded_config(world(), run.folder());
  config.assign("run.output", new_folder(), "test");
  config.assign("attack.iterations", "2", "test");
  const TinyRun again(config);
  EXPECT_EQ(attack_recorded(again.context(), {false, 1e-6}, run.folder()), ExitCode::kInterrupted);
  EXPECT_EQ(attack_recorded(again.context(), {true, 0}, run.folder()), ExitCode::kOk);
  if (!world().is_root()) return;
  EXPECT_EQ(again.status(), "complete");
  const h5::File file = open_run(again.folder());
  EXPECT_EQ(file.read<int64_t>("/attacks/tasks/iterations"), (std::vector<int64_t>{2, 2, 2, 2}));
}

}  // namespace
}  // namespace medpfl
