#pragma once
#include <memory>

#include "campaign/attack_queue.hpp"
#include "federation/privacy_ledger.hpp"
#include "federation/round_loop.hpp"
#include "results/capture/gradient_capture.hpp"
#include "results/resume/client_state_file.hpp"
#include "results/resume/defense_log.hpp"
#include "results/resume/weight_log.hpp"
#include "study/run_keeper.hpp"

namespace medpfl {

/// Everything that a federated run is made of. The parts refer to each other, so that a study can
/// be neither copied nor moved.
struct FederatedStudy {
  FederatedStudy() = default;
  FederatedStudy(const FederatedStudy&) = delete;
  FederatedStudy& operator=(const FederatedStudy&) = delete;

  RunSeeds seeds;  ///< seeds of this run, keyed by its inputs too
  FederatedData data;
  std::unique_ptr<Model> model;
  std::unique_ptr<Algorithm> algorithm;
  std::unique_ptr<MaliciousServer> malicious_server;  ///< null: the server is honest
  std::unique_ptr<Federation> federation;
  FederationState state;
  std::unique_ptr<AttackCases> cases;
  std::unique_ptr<AttackQueue> attacks;
  std::unique_ptr<WeightLog> weights;
  std::unique_ptr<PrivacyLedger> privacy;          ///< on rank 0; null: no epsilon is claimed
  std::unique_ptr<DefenseLog> defenses;            ///< null: no defenses
  std::unique_ptr<GradientCapture> capture;        ///< null: no gradients are recorded
  std::unique_ptr<ClientStateFile> client_states;  ///< null: defenses keep nothing of a hospital
};

/// Loads the data and makes all parts but those that write files (open_files), without weights yet;
/// `keeper` checks the inputs and learns of the parts that run.h5 shows. Warns of what the options
/// make of this data. Collective. Throws AgreedError.
void load_study(const RunContext& context, RunKeeper* keeper, FederatedStudy* study);

/// Makes the parts that write files in the run's folder while rounds go on: the capture of
/// gradients and the hospitals' states. Collective.
void open_files(const RunContext& context, RunKeeper* keeper, FederatedStudy* study);

}  // namespace medpfl
