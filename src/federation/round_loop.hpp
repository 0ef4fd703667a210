#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/job_control.hpp"
#include "core/timers.hpp"
#include "federation/federation.hpp"
#include "federation/message.hpp"
#include "federation/row_store.hpp"
#include "federation/server_optimizer.hpp"
#include "metrics/classification.hpp"

namespace medpfl {

/// The bytes of messages that a rank collects, about, before it hands them to the observers.
inline constexpr int64_t kMessageBytes = int64_t{32} << 20;

/// What is recorded of a round at its end. The record is complete on rank 0 only.
struct RoundRecord {
  int64_t round = 0;
  int64_t participants = 0, arrived = 0;  ///< hospitals; those whose updates arrived
  int64_t examples = 0;                   ///< images behind the updates that arrived
  double train_loss = 0;                  ///< weighted mean over updates that arrived, nats
  double update_norm = 0;                 ///< L2 norm of the combined update
  /// Bytes of the weights that the server sent and the updates that it received, in float32; under
  /// secure aggregation of 64-bit integers, keys and shares instead of updates.
  int64_t bytes = 0;
  double seconds = 0;      ///< wall time
  bool evaluated = false;  ///< whether the global model was evaluated after the round
  Utility utility;         ///< utility of the global model after the round, where it was evaluated

  /// Names the fields of a record; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("round", &round);
    f("participants", &participants);
    f("arrived", &arrived);
    f("examples", &examples);
    f("train_loss", &train_loss);
    f("update_norm", &update_norm);
    f("bytes", &bytes);
    f("seconds", &seconds);
    f("evaluated", &evaluated);
    f("utility", &utility);
  }
};

/// Watches the rounds of a federation. Every call is made on every rank, in the same order.
class RoundObserver {
 public:
  virtual ~RoundObserver() = default;
  /// Receives messages of this rank's hospitals, some at a time; `global` are the weights they were
  /// computed at. Called equally often on all ranks, with no messages where a rank has none left.
  virtual void on_messages(const RoundPlan& plan, const FlatParameters& global,
                           const std::vector<Message>& mine) = 0;
  /// Is told that a round is over. `mean` is the combined update, on rank 0.
  virtual void on_round_end(const RoundPlan& plan, const RoundRecord& record,
                            const FlatParameters& mean) = 0;
};

/// The state that a federation carries from round to round.
struct FederationState {
  FlatParameters global;  ///< the model, the same on every rank
  std::unique_ptr<ServerOptimizer>
      optimizer;  ///< takes the server's steps; its state matters on rank 0 only
  /// What the defenses keep of the hospitals of this rank; null where they keep nothing.
  std::unique_ptr<RowStore> clients;
};

/// A round that was played: its plan, its record, and what the job orders next.
struct RoundOutcome {
  RoundPlan plan;
  RoundRecord record;
  JobOrder order = JobOrder::kGoOn;  ///< what the job orders next, the same on all ranks
};

/// Plays the rounds of a federation, one by one.
class RoundLoop {
 public:
  /// All objects pointed or referred to must outlive the loop.
  RoundLoop(const Federation& federation, FederationState* state,
            std::vector<RoundObserver*> observers, JobControl* control, PhaseTimers* timers);
  ~RoundLoop();

  /// Plays one round: hospitals train, the server moves the model and sends it down with the order
  /// of `control`, the model is evaluated where that is due, and observers are told. Collective.
  /// Throws AgreedError.
  RoundOutcome play(int64_t round);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace medpfl
