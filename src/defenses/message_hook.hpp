#pragma once
#include <cstdint>

#include "core/flat_parameters.hpp"
#include "core/random.hpp"
#include "defenses/guarantee.hpp"
#include "defenses/wire.hpp"

namespace medpfl {

struct OwnTraining;

/// What a message hook may know besides the update: the round, the hospital, the hook's own random
/// stream and state, and what the hospital trained on.
struct DefenseContext {
  uint64_t seed = 0;     ///< seed of the hospitals' noise
  int64_t round = 0;     ///< from 0
  int64_t client = 0;    ///< the hospital, from 0
  int64_t message = 0;   ///< 0: the update; 1 + index: a probe
  int64_t position = 0;  ///< the hook's place in the chain, set by DefenseChain; < kMaxDefenses
  /// What the hook keeps of this hospital from round to round: state_size() values, zero before the
  /// hospital's first update. A probe gets a copy, so it leaves no trace. Null where the hook keeps
  /// nothing.
  float* state = nullptr;
  /// The training behind this message; null where nothing is known of it.
  const OwnTraining* own = nullptr;
  int64_t rounds = 1;        ///< rounds of the run
  uint64_t budget_seed = 0;  ///< seed from which personal budgets are drawn
};

/// The most defenses that a chain can hold.
inline constexpr int64_t kMaxDefenses = 64;

/// Returns the random stream of one defense for one message of one hospital in one round:
/// Purpose::kDefense with step = message * kMaxDefenses + position.
RandomStream defense_stream(const DefenseContext& context);

/// Changes what a hospital sends before the server (and so the attacker) sees it. A hook keeps
/// nothing between calls but what DefenseContext::state holds.
class MessageHook {
 public:
  virtual ~MessageHook() = default;
  /// Changes the update a hospital is about to send, in place; its layout stays. The same update,
  /// context and state give the same bits. Throws NumericError on an update that is not finite
  /// where the hook must measure it.
  virtual void apply(FlatParameters* update, const DefenseContext& context) const = 0;
  /// Returns how many values the hook keeps of each hospital, for updates of `parameters` entries.
  virtual int64_t state_size(int64_t /*parameters*/) const { return 0; }
  /// Returns the guarantee after the hook, given the one before. A hook that may increase the norm
  /// of the update, or whose noise depends on the update, guarantees nothing.
  virtual Guarantee guarantee(const Guarantee& before, const GuaranteeContext&) const {
    return after_unbounded(before);
  }
  /// Whether the hook looks at DefenseContext::own. A hook that does so after noise undoes what the
  /// noise guarantees.
  virtual bool looks_at_images() const { return false; }
  /// Returns the number format in which the hook leaves values, given the one before; float32 by
  /// default.
  virtual NumberFormat format(const NumberFormat& /*before*/) const { return {}; }
};

}  // namespace medpfl
