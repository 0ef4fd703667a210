#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attacks/attack_facts.hpp"
#include "attacks/observation.hpp"
#include "attacks/reconstruction.hpp"
#include "core/options.hpp"
#include "core/random.hpp"
#include "core/registry.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Options shared by all attacks, section [attack].
struct AttackRequest {
  std::string labels = "auto";     ///< label rule, "auto": the preset's
  std::string engine = "auto";     ///< how gradients of the matching objective are computed
  int64_t iterations = 0;          ///< outer iterations, 0: the preset's
  std::vector<int64_t> snapshots;  ///< iterations at which the images are kept, ascending
};

/// A running attack after an iteration.
struct AttackProgress {
  int64_t iteration = 0, evaluations = 0;
  double objective = 0;
  double seconds = 0;  ///< since its start, earlier runs of the same task included
  /// The state from which Attack::run goes on to the same bits; costs nothing unless called.
  std::function<std::string()> save;
};

/// What becomes of a running attack: it ends with what it has, or with nothing.
enum class AttackOrder { kGoOn, kEnd, kAbandon };

/// Called after every iteration.
using AttackMonitor = std::function<AttackOrder(const AttackProgress&)>;

/// A gradient inversion: observation and start -> reconstruction. Never sees the truth.
class Attack {
 public:
  virtual ~Attack() = default;
  /// `start` keys all its randomness, so that a task gives the same bits on any rank. `state` is
  /// empty, or what a monitor saved of an earlier run of the same task. Nothing comes back when the
  /// monitor abandoned the attack.
  virtual std::optional<Reconstruction> run(const Model& model, const Observation& observation,
                                            const StreamKey& start, const std::string& state,
                                            const AttackMonitor& monitor) const = 0;
  virtual AttackFacts facts() const = 0;
  /// Throws ConfigError where its options do not fit the network.
  virtual void check(const Model& model) const { static_cast<void>(model); }
};

using AttackFactory =
    std::function<std::unique_ptr<Attack>(const OptionValues& own, const AttackRequest& request)>;

/// dlg, idlg, cpl, inverting-gradients, modern, grad-inversion, kernel, partial-match,
/// untrained-prior, sme, medical-bn, fc-readout, imprint.
const Registry<AttackFactory>& attacks();

}  // namespace medpfl
