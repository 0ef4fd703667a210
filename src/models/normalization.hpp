#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace medpfl {

/// What a network sees of a pixel x in [0, 1]: (x - mean) / deviation, for each channel. Empty: x
/// itself.
struct Normalization {
  std::vector<double> mean, deviation;  ///< [C]; deviations above 0
};

/// From the value of model.normalize: none; imagenet, the statistics by which networks are trained
/// on ImageNet, their means over channels for grey images; or numbers, first means, then
/// deviations, one or `channels` of each. Throws ConfigError.
Normalization parse_normalization(const std::string& text, int64_t channels);

}  // namespace medpfl
