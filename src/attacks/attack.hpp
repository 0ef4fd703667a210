#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "attacks/observation.hpp"
#include "core/options.hpp"
#include "core/random.hpp"
#include "core/registry.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Options shared by all attacks, section [attack].
struct AttackRequest {
  std::string labels = "auto";     ///< label rule, "auto": the preset's
  int64_t iterations = 0;          ///< outer iterations, 0: the preset's
  std::vector<int64_t> snapshots;  ///< iterations at which the images are kept, ascending
};

/// What an attack made of one observation from one start.
struct Reconstruction {
  at::Tensor images;            ///< float32 [B, C, H, W] in [0, 1]
  std::vector<int64_t> labels;  ///< [B], as inferred, given or optimized
  std::string status;           ///< converged: below stop_loss | stalled | finished | diverged
  double matching_loss = 0;     ///< of the images returned, by the attacker's own objective
  int64_t iterations = 0, evaluations = 0;
  double seconds = 0;
  std::vector<int64_t> trace_iterations;
  std::vector<double> trace;  ///< objective at those iterations
  std::vector<int64_t> snapshot_iterations;
  std::vector<at::Tensor> snapshots;  ///< each float32 [B, C, H, W] in [0, 1]
};

/// Called after every iteration: iteration, objective.
using AttackMonitor = std::function<void(int64_t iteration, double objective)>;

/// A gradient inversion: observation and start -> reconstruction. Never sees the truth.
class Attack {
 public:
  virtual ~Attack() = default;
  /// `start` keys all its randomness, so that a task gives the same bits on any rank.
  virtual Reconstruction run(const Model& model, const Observation& observation,
                             const StreamKey& start, const AttackMonitor& monitor) const = 0;
  /// The rule by which labels are found: known | idlg | joint.
  virtual std::string label_rule() const = 0;
  /// The option, with its value, under which this attack reads one image from a message; "" where
  /// it takes a batch of any size.
  virtual std::string single_image_option() const = 0;
};

using AttackFactory =
    std::function<std::unique_ptr<Attack>(const OptionValues& own, const AttackRequest& request)>;

/// dlg, idlg.
const Registry<AttackFactory>& attacks();

}  // namespace medpfl
