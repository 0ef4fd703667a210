#pragma once
#include <cstdint>

#include "core/flat_parameters.hpp"
#include "core/random.hpp"
#include "defenses/guarantee.hpp"
#include "defenses/wire.hpp"

namespace medpfl {

struct OwnTraining;

/// What a message hook may know besides the update: the round, the hospital, its own random stream,
/// its own state, and what the hospital trained on.
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

/// Returns the stream of one defense for one message of one hospital in one round:
/// Purpose::kDefense with step = message * kMaxDefenses + position.
RandomStream defense_stream(const DefenseContext& context);

/// A change a hospital makes to what it sends, before the server (and so the attacker) sees it.
/// Keeps nothing between calls but what DefenseContext::state holds.
class MessageHook {
 public:
  virtual ~MessageHook() = default;
  /// Changes the update a hospital is about to send, in place; its layout stays. The same update,
  /// context and state give the same bits. Throws NumericError on an update that is not finite
  /// where the hook must measure it.
  virtual void apply(FlatParameters* update, const DefenseContext& context) const = 0;
  /// Returns how many values the hook keeps of each hospital, for updates of `parameters` entries.
  virtual int64_t state_size(int64_t /*parameters*/) const { return 0; }
  /// Returns what bounds the update behind the hook, given what did before; a hook that may make it
  /// longer, or whose noise depends on it, bounds nothing.
  virtual Guarantee guarantee(const Guarantee& before, const GuaranteeContext&) const {
    return after_unbounded(before);
  }
  /// Whether the hook looks at DefenseContext::own. Behind noise that undoes what the noise
  /// guarantees.
  virtual bool looks_at_images() const { return false; }
  /// Returns the numbers the hook leaves, given those it gets; float32 unless it says otherwise.
  virtual NumberFormat format(const NumberFormat& /*before*/) const { return {}; }
};

}  // namespace medpfl
