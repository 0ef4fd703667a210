#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"
#include "core/options.hpp"
#include "core/random.hpp"
#include "core/registry.hpp"
#include "defenses/dp_sgd.hpp"
#include "defenses/guarantee.hpp"
#include "defenses/wire.hpp"

namespace medpfl {

struct Bottleneck;
class BatchTransform;
struct OwnTraining;

/// What a defense may know besides the update: the round, the hospital, its own random stream, its
/// own state, and what the hospital trained on.
struct DefenseContext {
  uint64_t seed = 0;     ///< of the hospitals' noise
  int64_t round = 0;     ///< from 0
  int64_t client = 0;    ///< the hospital, from 0
  int64_t message = 0;   ///< 0: the update; 1 + index: a probe
  int64_t position = 0;  ///< place in the chain, set by DefenseChain; below kMaxDefenses
  /// What this defense keeps of this hospital from round to round: state_size() values, zero before
  /// its first update. A probe gets a copy, so it leaves no trace. Null where there is none.
  float* state = nullptr;
  /// Behind this message; null where nothing is known of it.
  const OwnTraining* own = nullptr;
  int64_t rounds = 1;        ///< of the run
  uint64_t budget_seed = 0;  ///< of personal budgets
};

/// Most defenses one chain holds.
inline constexpr int64_t kMaxDefenses = 64;

/// The stream of one defense for one message of one hospital in one round: Purpose::kDefense with
/// step = message * kMaxDefenses + position.
RandomStream defense_stream(const DefenseContext& context);

/// A change a hospital makes to what it sends, before the server (and so the attacker) sees it.
/// Keeps nothing between calls but what DefenseContext::state holds.
class Defense {
 public:
  virtual ~Defense() = default;
  /// Values this defense keeps of each hospital, for updates of `parameters` entries.
  virtual int64_t state_size(int64_t /*parameters*/) const { return 0; }
  /// Changes the update a hospital is about to send, in place; its layout stays. The same update,
  /// context and state give the same bits. Throws NumericError on an update that is not finite
  /// where the defense must measure it.
  virtual void apply(FlatParameters* update, const DefenseContext& context) const = 0;
  /// What it asks of local steps, for one that acts there rather than on the update; else null.
  virtual const DpSgd* dp_sgd() const { return nullptr; }
  /// What bounds the update behind it, given what did before; a defense that may make it longer, or
  /// whose noise depends on it, bounds nothing.
  virtual Guarantee guarantee(const Guarantee& before, const GuaranteeContext&) const {
    return after_unbounded(before);
  }
  /// Whether it looks at DefenseContext::own. Behind noise that undoes what the noise guarantees.
  virtual bool looks_at_images() const { return false; }
  /// What it puts before the head, for one that acts in the network; else null.
  virtual const Bottleneck* bottleneck() const { return nullptr; }
  /// What it makes of the images of local steps, for one that acts there; else null.
  virtual std::shared_ptr<const BatchTransform> batch_transform() const { return nullptr; }
  /// The numbers it leaves, given those it gets; float32 unless it says otherwise.
  virtual NumberFormat format(const NumberFormat& /*before*/) const { return {}; }
  /// One line for logs and for what the attacker knows: "gaussian scale=0.01 relative=norm".
  virtual std::string describe() const = 0;
};

/// Makes a defense from the checked options of its own section [defense.NAME].
using DefenseFactory = std::function<std::unique_ptr<Defense>(const OptionValues& own)>;

/// gaussian, laplace, clip, prune, dp-sgd, quantize, fed-sdp, personalized-ldp, soteria, precode,
/// mixup, instahide, ats, model-cloak.
const Registry<DefenseFactory>& defenses();

/// Defenses applied in the order of the config.
class DefenseChain {
 public:
  DefenseChain() = default;
  /// Adds at the end. Throws ConfigError beyond kMaxDefenses, and unless what acts on the images of
  /// local steps comes first, once, then what acts on their gradients, once, then what acts on
  /// messages; where both are there but do not go together; and for a second bottleneck.
  void append(std::unique_ptr<Defense> defense);
  /// Sum of its defenses' own.
  int64_t state_size(int64_t parameters) const;
  /// Applies all in order; the position in `context` is overwritten with each one's own, and each
  /// gets its part of the state. The first `sent` entries go on the wire. What each did, in order.
  std::vector<DefenseReport> apply(FlatParameters* update, DefenseContext context,
                                   int64_t sent) const;
  std::vector<DefenseReport> apply(FlatParameters* update, DefenseContext context) const {
    return apply(update, context, update->size());
  }
  /// What bounds what a hospital sends in a round.
  Guarantee guarantee(const GuaranteeContext& context) const;
  /// Whether one of them looks at the images behind a message.
  bool looks_at_images() const;
  bool empty() const { return chain_.empty(); }
  /// What one of them asks of local steps, or null.
  const DpSgd* dp_sgd() const;
  std::shared_ptr<const BatchTransform> batch_transform() const;
  /// What one of them puts before the head, or null.
  const Bottleneck* bottleneck() const;
  /// "clip bound=1; gaussian scale=0.01 relative=absolute", or "none".
  std::string describe() const;
  /// One line a defense.
  std::vector<std::string> describe_each() const;
  /// The numbers each leaves, by name.
  std::vector<std::string> number_formats() const;

 private:
  std::vector<std::unique_ptr<Defense>> chain_;
};

}  // namespace medpfl
