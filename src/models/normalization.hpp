#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace medpfl {

/// How a network normalizes pixels x in [0, 1] in each channel: (x - mean) / deviation. Empty: not
/// at all.
struct Normalization {
  std::vector<double> mean, deviation;  ///< [C]; deviations above 0
};

/// Returns the normalization that a value of option model.normalize asks for: none; imagenet, the
/// statistics by which networks are trained on ImageNet (for gray images their means over
/// channels); or numbers, first means, then deviations, one or `channels` of each. Throws
/// ConfigError on other values.
Normalization parse_normalization(const std::string& text, int64_t channels);

}  // namespace medpfl
