#pragma once
#include <cstdint>
#include <vector>

#include "config/settings.hpp"
#include "federation/algorithm.hpp"
#include "federation/federated_data.hpp"
#include "models/model.hpp"

namespace medpfl {

/// How many messages, attack tasks and images a run will have, counted from the plans of its
/// rounds.
struct RunCounts {
  int64_t attacked = 0;          ///< messages that are attacked
  int64_t attacked_probes = 0;   ///< probes among these
  int64_t attacked_at_once = 0;  ///< most attacked messages that wait for their attack together
  int64_t attacked_rounds = 0;
  int64_t attacked_clients = 0;
  int64_t attacked_images = 0;  ///< images behind all attacked messages
  int64_t tasks = 0;            ///< attack tasks
  int64_t evaluations = 0;      ///< that attack tasks spend at most (campaign/task_budget.hpp)
  int64_t reconstructed = 0;    ///< images of all tasks
  int64_t attacked_batch = 0;   ///< images behind the largest attacked message
  /// For each rank, the most messages, and attacked ones among them, that it holds at once.
  std::vector<int64_t> messages, attacked_messages;
  /// For each rank, the hospitals that take part in any round.
  std::vector<int64_t> participants;
};

/// Returns what a run with these settings will make on so many ranks.
RunCounts count_run(const Settings& settings, const FederatedData& data, const Model& model,
                    const Algorithm& algorithm, int ranks);

}  // namespace medpfl
