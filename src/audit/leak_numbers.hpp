#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "metrics/share.hpp"

namespace medpfl {

/// What one attack made of one kind of message, under one network or several.
struct LeakNumbers {
  Share identified;
  double chance = 0, bound = 0;  ///< means; `bound` is NaN where nothing bounds the share
  double reidentified = 0;       ///< share whose truth is the nearest candidate
  double ssim = 0;               ///< mean over images
  int64_t images = 0;            ///< attacked; one that several networks saw counts for each
  int64_t hospitals = 0;         ///< whose messages were attacked
};

/// Returns what the runs in `folders`, each of another network, hold of an attack on messages of a
/// kind, "update" or "probe". Throws FormatError where there is none.
LeakNumbers read_leak(const std::vector<std::string>& folders, const std::string& kind,
                      const std::string& method);

/// Returns the balanced accuracy of the global model before a round of the run at `folder`, or, for
/// `round` -1, at its end: the last one that was evaluated by then.
double accuracy_before(const std::string& folder, int64_t round);

/// Returns the word of /rounds/network for the model at the end of the run at `folder`.
std::string network_at_end(const std::string& folder);

}  // namespace medpfl
