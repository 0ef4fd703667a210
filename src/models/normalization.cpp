#include "models/normalization.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <sstream>

#include "core/error.hpp"

namespace medpfl {
namespace {

[[noreturn]] void refuse(const std::string& text, int64_t channels, const std::string& why) {
  throw ConfigError(
      fmt::format("model.normalize={}: {}; give none, imagenet, or the means and then the standard "
                  "deviations, one or data.channels={} of each: 0.5,0.25",
                  text, why, channels));
}

std::vector<double> numbers_of(const std::string& text, int64_t channels) {
  std::vector<double> out;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) {
    std::istringstream one(word);
    double number = 0;
    if (!(one >> number) || !(one >> std::ws).eof() || !std::isfinite(number))
      refuse(text, channels, fmt::format("'{}' is no number", word));
    out.push_back(number);
  }
  return out;
}

std::vector<double> spread(const std::vector<double>& values, int64_t channels) {
  if (static_cast<int64_t>(values.size()) == channels) return values;
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  return std::vector<double>(static_cast<size_t>(channels), mean);
}

}  // namespace

Normalization parse_normalization(const std::string& text, int64_t channels) {
  if (text == "none") return {};
  if (text == "imagenet")
    return {spread({0.485, 0.456, 0.406}, channels), spread({0.229, 0.224, 0.225}, channels)};
  const std::vector<double> numbers = numbers_of(text, channels);
  const auto half = static_cast<int64_t>(numbers.size() / 2);
  if (numbers.empty() || numbers.size() % 2 != 0 || (half != 1 && half != channels))
    refuse(text, channels, fmt::format("{} numbers", numbers.size()));
  const std::vector<double> mean(numbers.begin(), numbers.begin() + half);
  const std::vector<double> deviation(numbers.begin() + half, numbers.end());
  for (const double one : deviation)
    if (!(one > 0)) refuse(text, channels, fmt::format("the deviation {} is not above 0", one));
  return {spread(mean, channels), spread(deviation, channels)};
}

}  // namespace medpfl
