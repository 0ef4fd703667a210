#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attacks/attack_facts.hpp"
#include "attacks/engines/engine_kind.hpp"
#include "attacks/observation.hpp"
#include "attacks/reconstruction.hpp"
#include "core/options.hpp"
#include "core/random.hpp"
#include "core/registry.hpp"
#include "models/model.hpp"

namespace medpfl {

/// The options of section [attack], which all attacks share.
struct AttackRequest {
  std::optional<LabelRule> labels;   ///< nothing: the rule that the attack prefers
  std::optional<EngineKind> engine;  ///< of matching attacks; nothing: see choose_engine
  int64_t iterations = 0;            ///< outer iterations; 0: as many as the attack prefers
  std::vector<int64_t> snapshots;    ///< iterations at which the images are kept, ascending
};

/// How far a running attack has come after an iteration.
struct AttackProgress {
  int64_t iteration = 0, evaluations = 0;
  double objective = 0;
  double seconds = 0;  ///< wall time since the task began, earlier runs of it included
  /// Returns the state from which Attack::run goes on to the same bits. Costs nothing unless
  /// called.
  std::function<std::string()> save;
};

/// What a monitor decides about a running attack: it goes on, ends with the best it has found, or
/// is abandoned without a result.
enum class AttackOrder { kGoOn, kEnd, kAbandon };

/// An attack calls its monitor after every iteration and obeys what it returns.
using AttackMonitor = std::function<AttackOrder(const AttackProgress&)>;

/// A gradient inversion attack: reconstructs the images behind an observed message. An attack never
/// sees the true images.
class Attack {
 public:
  virtual ~Attack() = default;
  /// Attacks the observation and returns its reconstruction, or nothing where the monitor abandoned
  /// the attack. `start` keys all randomness, so that a task gives the same bits on any rank.
  /// `state` is empty, or what a monitor saved of an earlier run of the same task.
  virtual std::optional<Reconstruction> run(const Model& model, const Observation& observation,
                                            const StreamKey& start, const std::string& state,
                                            const AttackMonitor& monitor) const = 0;
  /// Returns what the rest of the program may know of the attack with its options.
  virtual AttackFacts facts() const = 0;
  /// Throws ConfigError where the attack's options do not fit the network.
  virtual void check(const Model& model) const { static_cast<void>(model); }
};

/// Makes an attack from the checked options of its own section and those that all attacks share.
using AttackFactory =
    std::function<std::unique_ptr<Attack>(const OptionValues& own, const AttackRequest& request)>;

/// Returns the table of all attacks.
const Registry<AttackFactory>& attacks();

}  // namespace medpfl
