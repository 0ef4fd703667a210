#pragma once
#include <cstdint>
#include <string>

#include "metrics/share.hpp"

namespace medpfl {

/// What a run holds of one attack on one kind of message, all rounds together: a row of
/// /attacks/summary.
struct LeakNumbers {
  Share identified;
  double chance = 0, bound = 0;  ///< `bound` is NaN where nothing bounds the share
  double reidentified = 0;       ///< share whose truth is the nearest candidate
  double ssim = 0;               ///< mean over images
  int64_t images = 0;
};

/// Returns the row of a kind of message, "update" or "probe", in the run at `folder`, which has one
/// attack. Throws FormatError where there is none.
LeakNumbers read_leak(const std::string& folder, const std::string& kind);

/// Returns the balanced accuracy of the global model before a round of the run at `folder`, or, for
/// `round` -1, at its end: the last one that was evaluated by then.
double accuracy_before(const std::string& folder, int64_t round);

/// Returns the word of /rounds/network for the model at the end of the run at `folder`.
std::string network_at_end(const std::string& folder);

}  // namespace medpfl
