#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
  /// The rule by which labels are found, a word of label_rule_names(), or fit.
  virtual std::string label_rule() const = 0;
  /// The option, with its value, under which this attack reads one image from a message; "" where
  /// it takes a batch of any size.
  virtual std::string single_image_option() const = 0;
  /// Outer iterations it makes unless it ends before; 1 for one that is no search.
  virtual int64_t iterations() const { return 1; }
  /// Whether it starts from, or leans on, the mean public image.
  virtual bool uses_public_mean() const { return false; }
  /// What it makes of its final images, who knows how hospitals change theirs; "" nothing.
  virtual std::string decoding() const { return ""; }
  /// Returns what the attack's options assume of how messages were made, such as
  /// "exclude fc.bias, noise_scale 0.01", for the column `knowledge`; "" where they assume nothing.
  virtual std::string assumptions() const { return ""; }
  /// Whether it compares statistics of batch normalization, and whose: "" none, "running" those the
  /// server sent, "update" those of the batch, as the message's change of them tells.
  virtual std::string batch_statistics() const { return ""; }
  /// How it takes an update of several local steps, a word of update_names().
  virtual std::string update() const { return "gradient"; }
  /// What it assumes of local training.
  virtual LocalGuess guess() const { return {}; }
  /// Throws ConfigError where its options do not fit the network.
  virtual void check(const Model& model) const { static_cast<void>(model); }
};

using AttackFactory =
    std::function<std::unique_ptr<Attack>(const OptionValues& own, const AttackRequest& request)>;

/// dlg, idlg, cpl, inverting-gradients, modern, grad-inversion, kernel, partial-match,
/// untrained-prior, sme, medical-bn, fc-readout, imprint.
const Registry<AttackFactory>& attacks();

}  // namespace medpfl
