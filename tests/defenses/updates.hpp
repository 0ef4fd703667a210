#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "defenses/defense.hpp"

namespace medpfl::testing {

/// An update with these values, in two layers.
inline FlatParameters update_of(const std::vector<float>& values) {
  ParameterLayout layout;
  const int64_t size = static_cast<int64_t>(values.size());
  layout.add("weight", {size - 1});
  layout.add("bias", {1});
  FlatParameters out(layout);
  for (size_t i = 0; i < values.size(); ++i) out.data()[i] = values[i];
  return out;
}

/// An update of `size` draws of N(0, 1) in three layers.
inline FlatParameters random_update(int64_t size, uint64_t step = 0) {
  ParameterLayout layout;
  layout.add("conv.weight", {2, 3, 4});
  layout.add("fc.weight", {size - 29});
  layout.add("fc.bias", {5});
  FlatParameters out(layout);
  RandomStream stream(StreamKey{5, Purpose::kBenchmark, 0, 0, step});
  for (int64_t i = 0; i < size; ++i) out.data()[i] = static_cast<float>(stream.normal());
  return out;
}

/// The defense `name` with its defaults, but for `own`.
inline std::unique_ptr<Defense> make_defense(const std::string& name,
                                             const std::map<std::string, std::string>& own = {}) {
  const auto& entry = defenses().find(name);
  OptionValues values = OptionValues::defaults(entry.options);
  for (const auto& [key, value] : own) values.set(key, value);
  return entry.create(values);
}

inline std::vector<float> values_of(const FlatParameters& update) {
  return std::vector<float>(update.data(), update.data() + update.size());
}

/// What the defense makes of a copy of `update`.
inline std::vector<float> defended(const Defense& defense, FlatParameters update,
                                   const DefenseContext& context) {
  defense.apply(&update, context);
  return values_of(update);
}

/// Mean, variance and kurtosis of after - before.
struct Moments {
  double mean = 0, variance = 0, kurtosis = 0;
};

inline Moments noise_moments(const std::vector<float>& before, const std::vector<float>& after) {
  const double n = static_cast<double>(before.size());
  Moments m;
  for (size_t i = 0; i < before.size(); ++i)
    m.mean += (static_cast<double>(after[i]) - before[i]) / n;
  double fourth = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const double d = static_cast<double>(after[i]) - before[i] - m.mean;
    m.variance += d * d / n;
    fourth += d * d * d * d / n;
  }
  m.kurtosis = fourth / (m.variance * m.variance);
  return m;
}

}  // namespace medpfl::testing
