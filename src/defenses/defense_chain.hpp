#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "defenses/defense.hpp"

namespace medpfl {

/// The defenses of a run, in the order of the configuration. Each stage of a round asks the chain
/// for the hooks that act there.
class DefenseChain {
 public:
  DefenseChain() = default;
  /// Adds a defense at the end. Throws ConfigError beyond kMaxDefenses defenses; unless defenses of
  /// batches come before those of steps, and those before defenses of messages; where two defenses
  /// have a network, batch or step hook; and where a batch hook mixes images though the step hook
  /// guarantees privacy for each image. Defenses of the network may come anywhere.
  void append(Defense defense);

  bool empty() const { return chain_.empty(); }
  /// Returns the network hook of the chain, which adds layers in front of the head; empty where no
  /// defense has one.
  HeadHook network() const;
  /// Return the batch hook and the step hook of the chain; null where no defense has one.
  const BatchHook* batch() const;
  const StepHook* step() const;

  /// Returns how many values the message hooks keep of each hospital from round to round.
  int64_t state_size(int64_t parameters) const;
  /// Applies all message hooks to the update, in order. Each hook gets its own position and its
  /// part of the state in place of those in `context`. The first `sent` entries go on the wire.
  /// Returns one report for each defense of the chain, in order.
  std::vector<DefenseReport> apply(FlatParameters* update, DefenseContext context,
                                   int64_t sent) const;
  std::vector<DefenseReport> apply(FlatParameters* update, DefenseContext context) const {
    return apply(update, context, update->size());
  }
  /// Returns the privacy mechanism that the message hooks amount to in a round; see Guarantee.
  Guarantee guarantee(const GuaranteeContext& context) const;
  /// Returns what all defenses together leave to an attacker who knows them.
  Traces traces() const;
  /// Whether a message hook looks at the images behind a message.
  bool looks_at_images() const;

  /// Returns "clip bound=1; gaussian scale=0.01 relative=absolute", or "none".
  std::string describe() const;
  /// Returns the description of each defense, one line each.
  std::vector<std::string> describe_each() const;
  /// Returns the name of the number format in which each defense leaves the values.
  std::vector<std::string> number_formats() const;

 private:
  std::vector<Defense> chain_;
};

}  // namespace medpfl
