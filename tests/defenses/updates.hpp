#pragma once
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/rand.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/option_table.hpp"
#include "core/random.hpp"
#include "defenses/defense_chain.hpp"
#include "defenses/own_training.hpp"

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

/// A hospital with random images of 1 channel, 5 px and a small network with two classes; what
/// `own` tells stays valid as long as it lives.
struct SmallClient {
  explicit SmallClient(int64_t images, const std::string& network = "mlp",
                       const std::map<std::string, std::string>& options = {{"hidden", "12"}},
                       const std::string& activation = "sigmoid")
      : model(build(network, options, activation)),
        weights(initial_weights(model, {}, 3)),
        shard(at::rand({images, 1, 5, 5}, at::make_generator<at::CPUGeneratorImpl>(4))) {}
  SmallClient(const SmallClient&) = delete;
  SmallClient& operator=(const SmallClient&) = delete;

  static Model build(const std::string& network, const std::map<std::string, std::string>& options,
                     const std::string& activation) {
    const auto& entry = models().find(network);
    OptionValues values = OptionValues::defaults(entry.options);
    for (const auto& [key, value] : options) values.set(key, value);
    ModelRequest request;
    request.input = {1, 5, 5};
    request.activation = OptionText<std::optional<Activation>>::parse("activation", activation);
    return entry.create(values, request);
  }
  /// Draws of N(0, 1).
  FlatParameters update(uint64_t step = 0) const {
    FlatParameters out(model.layout());
    RandomStream stream(StreamKey{5, Purpose::kBenchmark, 0, 0, step});
    for (int64_t i = 0; i < out.size(); ++i) out.data()[i] = static_cast<float>(stream.normal());
    return out;
  }

  Model model;
  FlatParameters weights;
  at::Tensor shard;
  OwnTraining own = {model, weights, shard.size(0),
                     [this](int64_t first, int64_t end) { return shard.slice(0, first, end); }};
};

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
inline Defense make_defense(const std::string& name,
                            const std::map<std::string, std::string>& own = {}) {
  const auto& entry = defenses().find(name);
  OptionValues values = OptionValues::defaults(entry.options);
  for (const auto& [key, value] : own) values.set(key, value);
  return entry.create(values);
}

/// Names of the defenses that act at a stage.
template <class Hook>
std::vector<std::string> those_with(std::unique_ptr<const Hook> Defense::*hook) {
  std::vector<std::string> names;
  for (const std::string& name : defenses().names())
    if (make_defense(name).*hook != nullptr) names.push_back(name);
  return names;
}

inline std::vector<float> values_of(const FlatParameters& update) {
  return std::vector<float>(update.data(), update.data() + update.size());
}

/// The hook of the defense `name` on messages, with its defaults, but for `own`.
inline std::unique_ptr<const MessageHook> make_hook(
    const std::string& name, const std::map<std::string, std::string>& own = {}) {
  return make_defense(name, own).message;
}

/// What the hook makes of a copy of `update`.
inline std::vector<float> defended(const MessageHook& hook, FlatParameters update,
                                   const DefenseContext& context) {
  hook.apply(&update, context);
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
