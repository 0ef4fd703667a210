#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/words.hpp"
#include "metrics/share.hpp"

namespace medpfl {

/// What may be said of messages after attacks on them.
enum class Finding {
  kLeaks,         ///< an attack identifies more images than chance does
  kProtects,      ///< an attack that works without the defense hardly works with it
  kInconclusive,  ///< nothing was identified, and nothing shows that this is due to a defense
  kNotTested      ///< no attack was run, or none that knows of the defense
};
const Words<Finding>& words_of(Finding);

/// What is known of the images that one attack identifies.
struct Evidence {
  Share identified;       ///< the share identified, with its limits
  double chance = 0;      ///< the share that is identified without the messages, in [0, 1]
  bool defended = false;  ///< whether hospitals defend their messages
  bool adapted = true;    ///< whether the attack answers the defense
  /// What the same attack, with the same budget, identifies with the defense off; nothing: unknown.
  std::optional<double> undefended = {};
};

/// A finding and why it is one, as a clause that goes on after a colon.
struct Verdict {
  Finding finding = Finding::kNotTested;
  std::string reason;
};

/// A defense protects only where the upper limit of the share identified lies less than this above
/// chance, and where the attack identifies at least kUndefendedShare with the defense off.
inline constexpr double kProtectedMargin = 0.1, kUndefendedShare = 0.5;

/// Returns what the evidence of one attack shows. A failed attack shows nothing by itself: without
/// a defense, without the share that is identified with the defense off, and with fewer than
/// kFewestNetworks networks (but more than one) nothing protects.
Verdict judge(const Evidence& evidence);

/// What one attack shows of messages, which have a name, such as "probes".
struct AttackVerdict {
  std::string messages;
  double identified_low = 0;  ///< the lower limit of the share identified; NaN: none was attacked
  Verdict verdict;
};

/// Returns a verdict for each name of messages: that of the strongest attack on them. What leaks
/// under one leaks, and an attack that is too weak to judge takes nothing from one that is not; of
/// attacks that find the same, the one with the highest lower limit speaks, then the first.
/// Messages stand in the order of the highest lower limit of their attacks.
std::vector<Verdict> strongest(std::vector<AttackVerdict> attacks);

/// Returns the verdict on several kinds of messages together, such as updates and probes, or those
/// of several rounds: all must protect. Returns kNotTested where there is none.
Verdict together(const std::vector<Verdict>& messages);

}  // namespace medpfl
