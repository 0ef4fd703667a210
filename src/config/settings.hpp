#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attacks/attack.hpp"
#include "campaign/attack_queue.hpp"
#include "comm/gpu.hpp"
#include "config/config.hpp"
#include "core/violations.hpp"
#include "data/dataset.hpp"
#include "data/partition.hpp"
#include "defenses/defense_chain.hpp"
#include "federation/algorithm.hpp"
#include "federation/federated_data.hpp"
#include "federation/round_plan.hpp"
#include "federation/settings.hpp"
#include "models/model.hpp"
#include "privacy/run_seeds.hpp"
#include "results/capture/capture_policy.hpp"

namespace medpfl {

/// Options, as the user wrote them, whose meaning depends on other options or on the tables of
/// components. Settings holds what they mean.
struct AsWritten {
  int64_t seed = 1;  ///< run.seed, from which the seeds of all parties are derived
  std::string window = "auto", normalize = "none";
  std::vector<std::string> chain, methods;
  std::string attacked_rounds = "0", attacked_clients = "all";
  int64_t probes = 0, probe_batch = 1;
  std::vector<std::string> targets = {"auto"};
  bool adapt = true;  ///< whether attacks are adapted to the chain (config/adaptation.hpp)
  std::vector<std::string> snapshots = {"1", "3", "10", "30", "100"};
  std::string recorded_rounds = "all", recorded_clients = "all";
};

/// A configuration turned into checked values and components. Making one reads no data. A fresh one
/// holds the defaults of the options (framework_options.cpp).
struct Settings {
  AsWritten written;
  std::string name = "medpfl";
  std::string output = "runs/medpfl";
  RunSeeds seeds;   ///< derived from run.seed, not yet from the inputs (over_inputs)
  int threads = 1;  ///< compute threads of a rank; 0: what the allocation gives it
  DeviceChoice device = DeviceChoice::kCpu;
  std::string dataset_name = "phantom";
  DataRequest data;
  FederatedDataOptions federated_data;
  std::string model_name = "lenet-medpfl";
  std::optional<Activation> activation;  ///< nothing: the architecture's own
  Initialization init;
  int64_t classes = 0;  ///< number of classes; 0: that of the data set
  NormMode norm_mode = NormMode::kEval;
  Normalization normalization;  ///< of the pixels that the network sees
  std::string weights_file;     ///< file or run of the first weights; empty: they are drawn
  int64_t weights_round = -1;   ///< of a run: the round before which they are read; -1: its end
  bool new_head = false;        ///< whether the last layer is drawn although there is a file
  int64_t imprint_bins = 0;     ///< rows of the block of a malicious server; 0: there is none
  int64_t imprint_groups = 4;   ///< functionals of the image that share these rows
  FederationSettings federation;
  CapturePolicy capture;
  bool weights = true;              ///< whether the global model of each round is recorded
  int64_t checkpoint_every = 0;     ///< rounds between checkpoints; 0: rounds do not count
  double checkpoint_seconds = 600;  ///< seconds between checkpoints; 0: the clock does not count
  std::vector<int64_t> snapshots;   ///< iterations at which images are kept, ascending
  AttackRequest attack_request;     ///< what [attack] sets for every attack
  AttackPlan attack;                ///< the attacks, and how they are run
  std::optional<AttackTargets> targets;  ///< what is attacked; make_settings sets it
  DefenseChain defenses;
  bool paired_noise = false;  ///< whether noise and masks are keyed by run.seed alone

  std::unique_ptr<Dataset> dataset;
};

/// Returns the settings that a configuration means. Throws ConfigError with all that is wrong, one
/// problem a line: values that are not allowed, or, where there are none, values that do not fit
/// each other.
Settings make_settings(const Config& config);

/// Returns the chain of these defenses. Notes what is wrong with their options or their order.
DefenseChain make_defenses(const Config& config, const std::vector<std::string>& chain,
                           Violations* wrong);

/// How many floats a rank has in memory for each parameter of the network, at least: the global
/// weights, those in training and the mean; the sum and MPI's copy of it, both in int64.
inline constexpr int64_t kFloatsOfParameter = 3 + 4;

/// Returns the network for a data set of `data_classes` classes. Throws ConfigError where
/// model.classes is too small, where an attack's options do not fit the network, and where a rank
/// with the network is larger than the memory of its host.
Model make_model(const Config& config, const Settings& settings, int64_t data_classes);

/// Returns the federated algorithm of the configuration.
std::unique_ptr<Algorithm> make_algorithm(const Config& config, const Settings& settings,
                                          const Model& model, const RunSeeds& seeds);

}  // namespace medpfl
