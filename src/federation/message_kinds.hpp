#pragma once
#include <cstdint>

namespace medpfl {

/// A selection of the two kinds of messages: updates and probes.
struct MessageKinds {
  bool updates = true, probes = true;

  /// Whether the selection has the message with this number of a probe (-1: an update).
  bool contains(int64_t probe) const { return probe < 0 ? updates : probes; }
};

}  // namespace medpfl
