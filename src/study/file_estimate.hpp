#pragma once
#include <cstdint>

#include "config/settings.hpp"
#include "federation/federated_data.hpp"
#include "models/model.hpp"
#include "results/capture/capture_estimate.hpp"
#include "results/folder/room.hpp"
#include "study/run_counts.hpp"

namespace medpfl {

/// The sizes of the files that a run writes.
struct FileSizes {
  CaptureEstimate capture;
  int64_t weights = 0, reconstructions = 0;  ///< bytes of each
  int64_t public_images = 0;                 ///< most bytes of those that run.h5 keeps
  int64_t checkpoint = 0;                    ///< bytes of one checkpoint at its largest
  int64_t client_states = 0;                 ///< bytes of the three files that there are at most
  int64_t scratch = 0;  ///< bytes of the states for which federation.state_memory is too small
};

/// Returns the sizes of the files of a run, by its settings and counts.
FileSizes estimate_files(const Settings& settings, const FederatedData& data, const Model& model,
                         const RunCounts& counts);

/// Returns the bytes of all files at the moment when there are most. While a file replaces another
/// there are two of run.h5 and three checkpoints: the last two and the new one.
RoomNeeds room_needs(const FileSizes& sizes);

}  // namespace medpfl
