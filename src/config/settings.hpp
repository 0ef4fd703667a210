#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attacks/attack.hpp"
#include "campaign/attack_queue.hpp"
#include "config/config.hpp"
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

/// Options whose meaning depends on other options. The settings made of them are in Settings.
struct AsWritten {
  int64_t seed = 1;
  std::string partition = "iid", norm_mode = "eval", precision = "float32";
  std::string window = "auto", normalize = "none";
  std::vector<std::string> chain, methods;
  std::string attacked_rounds = "0", attacked_clients = "all";
  int64_t probes = 0, probe_batch = 1;
  std::vector<std::string> snapshots = {"1", "3", "10", "30", "100"};
  std::string recorded_rounds = "all", recorded_clients = "all";
};

/// A configuration turned into values and components, checked. Building it reads no data. What a
/// fresh one holds are the defaults of the options (framework_options.cpp).
struct Settings {
  AsWritten written;
  std::string name = "medpfl";
  std::string output = "runs/medpfl";
  RunSeeds seeds;              ///< of run.seed, which itself goes no further; over no inputs yet
  int threads = 1;             ///< 0: what the allocation gives a rank
  std::string device = "cpu";  ///< auto | cpu | cuda
  std::string dataset_name = "phantom";
  DataRequest data;
  FederatedDataOptions federated_data;
  std::string model_name = "lenet-medpfl";
  std::string activation = "auto";
  Initialization init;
  int64_t classes = 0;  ///< 0: those of the data set
  NormMode norm_mode = NormMode::kEval;
  Normalization normalization;                   ///< of pixels
  std::string weights_file;                      ///< empty: drawn
  bool new_head = false;                         ///< the last layer is drawn nevertheless
  int64_t imprint_bins = 0, imprint_groups = 4;  ///< of a malicious server's block; 0 bins: none
  FederationSettings federation;
  CapturePolicy capture;
  bool weights = true;
  int64_t checkpoint_every = 0;     ///< rounds, 0: none
  double checkpoint_seconds = 600;  ///< 0: none
  std::vector<int64_t> snapshots;
  AttackRequest attack_request;
  AttackPlan attack;
  std::optional<AttackTargets> targets;
  DefenseChain defenses;
  bool paired_noise = false;  ///< noise and masks are keyed by run.seed alone

  std::unique_ptr<Dataset> dataset;
};

/// Throws ConfigError with every violation at once, one a line: single values, then those that only
/// show together.
Settings make_settings(const Config& config);

/// Returns the network for a data set with these classes. Throws ConfigError where model.classes is
/// too small, and where an attack's options do not fit the network.
Model make_model(const Config& config, const Settings& settings, int64_t data_classes);

/// Returns the weights of round 0: those of the file that model.weights names, else drawn ones.
/// Throws DataError where the file does not fit. Reads the file: call it on one rank.
FlatParameters make_first_weights(const Settings& settings, const Model& model);

/// Returns the digest (core/digest.hpp, hexadecimal) of the file that model.weights names; "" where
/// it names none. Throws DataError. Reads the file: call it on one rank.
std::string digest_weights(const Settings& settings);

/// Returns the federated algorithm of the configuration.
std::unique_ptr<Algorithm> make_algorithm(const Config& config, const Settings& settings,
                                          const Model& model, const RunSeeds& seeds);

}  // namespace medpfl
