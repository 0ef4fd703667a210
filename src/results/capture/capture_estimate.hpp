#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "federation/settings.hpp"
#include "models/model.hpp"
#include "results/capture/capture_policy.hpp"

namespace medpfl {

/// How much a run will record of its messages, known before it starts.
struct CaptureEstimate {
  int64_t rows = 0;         ///< messages
  int64_t columns = 0;      ///< values of a row
  int64_t value_bytes = 0;  ///< bytes of all values
  int64_t images = 0;       ///< images of the hospitals whose messages are recorded
  int64_t image_bytes = 0;  ///< bytes of those images
  int64_t file_bytes =
      0;  ///< bytes of the folder gradients; more where checkpoints cut many small segments
};

/// Returns the estimate of a run, from the plans of all its rounds. `shard_sizes`: images of each
/// hospital; `pixel_bytes`: bytes of a pixel. Throws ConfigError where output.layers names no
/// parameter tensor.
CaptureEstimate estimate_capture(const CapturePolicy& policy, const Model& model,
                                 const std::vector<int64_t>& shard_sizes, int64_t pixel_bytes,
                                 const FederationSettings& federation, const AttackTargets& targets,
                                 const RunSeeds& seeds);

/// Returns the estimate in words for the log and --dry-run: "36 messages of 5,000 values (float16),
/// 0.4 MB; 12 images, ...".
std::string describe_capture(const CaptureEstimate& estimate, const CapturePolicy& policy);

}  // namespace medpfl
