#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "campaign/attack_queue.hpp"
#include "comm/rank_place.hpp"
#include "core/archive.hpp"
#include "core/flat_parameters.hpp"
#include "core/timers.hpp"
#include "federation/federated_data.hpp"
#include "federation/privacy_ledger.hpp"
#include "federation/round_loop.hpp"
#include "models/model.hpp"
#include "results/capture/gradient_capture.hpp"
#include "results/resume/defense_log.hpp"
#include "results/resume/input_digests.hpp"
#include "results/resume/weight_log.hpp"
#include "results/run/config_record.hpp"

namespace medpfl {

/// What each rank used: one entry for each rank.
struct RankRecord {
  std::vector<int64_t> peak_memory;  ///< of each rank, in bytes
  std::vector<std::array<double, kPhases>> seconds;
};

/// Everything run.h5 holds, as rank 0 knows it. Pointers may be null where there is nothing yet.
struct RunRecord {
  std::string status = "running";  ///< running | complete | interrupted | failed
  std::string dataset;
  std::string source;     ///< the run whose gradients `medpfl attack` attacked; else ""
  long long created = 0;  ///< seconds since the epoch
  ConfigRecord config;
  InputDigests inputs;       ///< what the run is computed from
  uint64_t server_seed = 0;  ///< seed of all that the server draws
  std::vector<RankPlace> places;
  RankRecord ranks;
  const Model* model = nullptr;
  const FederatedData* data = nullptr;
  bool hospitals_alike = false;  ///< whether every hospital holds a random draw of the same images
  Utility initial;
  /// Of `medpfl attack`: the words that the attacked run has for its networks, by the number of
  /// the round that they stand before.
  std::map<int64_t, std::string> networks;
  std::vector<RoundRecord> rounds;
  /// Null: no epsilon is claimed. Of `medpfl attack`: the ledger of the attacked run.
  const PrivacyLedger* privacy = nullptr;
  const DefenseLog* defenses = nullptr;  ///< what defenses did to updates; null without defenses
  WeightLog* weights = nullptr;          ///< before each round and at the end, where asked
  const AttackQueue* attacks = nullptr;
  EngineKind engine = EngineKind::kExact;  ///< of matching attacks: what auto meant for this model
  std::vector<int64_t> snapshot_iterations;  ///< attack.snapshots
  const GradientCapture* capture = nullptr;
  int64_t resumes = 0;  ///< times the run was continued from a checkpoint
  bool payload_is_gradient = true;
  double learning_rate = 0;

  /// Writes or reads the numbers of the record that only checkpoints keep.
  void keep(Archive& a) {
    a.version(1);
    a("created", &created);
    a("resumes", &resumes);
    a("initial", &initial);
    a.table("rounds", &rounds);
  }
};

/// Writes `folder`/run.h5 whole: temporary file, fsync, rename. Throws OutputError.
void write_run(const std::string& folder, const RunRecord& record);

}  // namespace medpfl
