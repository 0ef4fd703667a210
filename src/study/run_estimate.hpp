#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "federation/algorithm.hpp"
#include "federation/federated_data.hpp"
#include "models/model.hpp"
#include "results/capture/capture_estimate.hpp"
#include "results/folder/room.hpp"

namespace medpfl {

/// How many messages, attack tasks and images a run will have, counted from the plans of its
/// rounds.
struct RunCounts {
  int64_t attacked = 0;          ///< messages that are attacked
  int64_t attacked_at_once = 0;  ///< most attacked messages that wait for their attack together
  int64_t attacked_rounds = 0;
  int64_t attacked_clients = 0;
  int64_t attacked_images = 0;  ///< images behind all attacked messages
  int64_t tasks = 0;            ///< attack tasks
  int64_t reconstructed = 0;    ///< images of all tasks
  int64_t attacked_batch = 0;   ///< images behind the largest attacked message
  /// For each rank, the most messages, and attacked ones among them, that it holds at once.
  std::vector<int64_t> messages, attacked_messages;
  /// For each rank, the hospitals that take part in any round.
  std::vector<int64_t> participants;
};

/// Returns these counts for a run on `ranks` ranks.
RunCounts count_run(const Settings& settings, const FederatedData& data, const Model& model,
                    const Algorithm& algorithm, int ranks);

/// Named amounts of memory, in bytes.
using MemoryParts = std::vector<std::pair<std::string, int64_t>>;

/// Returns the main memory that rank `rank` of `ranks` will need at its peak, right to about a
/// quarter. Program, libraries and
/// activations are measured: a batch, an evaluation block and a matching evaluation are computed on
/// zeros.
MemoryParts estimate_memory(const Config& config, const Settings& settings,
                            const FederatedData& data, const Model& model, const RunCounts& counts,
                            int rank, int ranks);

/// The sizes that the files of a run will have.
struct FileSizes {
  CaptureEstimate capture;
  int64_t weights = 0, reconstructions = 0;  ///< bytes of each
  int64_t checkpoint = 0;                    ///< bytes of one checkpoint at its largest
  int64_t client_states = 0;                 ///< bytes of the three files that there are at most
  int64_t scratch = 0;  ///< bytes of the states for which federation.state_memory is too small
};
/// Returns the sizes of all files of a run, estimated before it starts.
FileSizes estimate_files(const Config& config, const Settings& settings, const FederatedData& data,
                         const Model& model, const RunCounts& counts);

/// Returns the bytes of all files at the moment when there are most. While a file replaces another
/// there are two of run.h5 and three checkpoints: the last two and the new one.
RoomNeeds room_needs(const FileSizes& sizes);

}  // namespace medpfl
