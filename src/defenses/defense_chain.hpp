#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "defenses/defense.hpp"

namespace medpfl {

/// The defenses of a run, in the order of the config. Each stage asks for what acts there.
class DefenseChain {
 public:
  DefenseChain() = default;
  /// Adds at the end. Throws ConfigError beyond kMaxDefenses; unless what acts on the images of
  /// local steps comes before what acts in the steps, and that before what acts on messages; where
  /// two act on the same of network, images and steps; and where images are mixed though the steps
  /// guarantee something of each. The network has no place in the order.
  void append(Defense defense);

  bool empty() const { return chain_.empty(); }
  /// What one of them adds in front of the head of the network; empty: nothing.
  HeadHook network() const;
  /// What one of them does to the images of local steps, and in the steps; null: nothing.
  const BatchHook* batch() const;
  const StepHook* step() const;

  /// Returns how many values the message hooks keep of each hospital.
  int64_t state_size(int64_t parameters) const;
  /// Applies all message hooks in order; the position in `context` is overwritten with each one's
  /// own, and each gets its part of the state. The first `sent` entries go on the wire. Returns
  /// what each defense of the chain did, in order.
  std::vector<DefenseReport> apply(FlatParameters* update, DefenseContext context,
                                   int64_t sent) const;
  std::vector<DefenseReport> apply(FlatParameters* update, DefenseContext context) const {
    return apply(update, context, update->size());
  }
  /// Returns what bounds what a hospital sends in a round.
  Guarantee guarantee(const GuaranteeContext& context) const;
  /// Whether a message hook looks at the images behind a message.
  bool looks_at_images() const;

  /// Returns "clip bound=1; gaussian scale=0.01 relative=absolute", or "none".
  std::string describe() const;
  /// Returns one line a defense.
  std::vector<std::string> describe_each() const;
  /// Returns the names of the numbers that each leaves.
  std::vector<std::string> number_formats() const;

 private:
  std::vector<Defense> chain_;
};

}  // namespace medpfl
