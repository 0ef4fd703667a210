#include <fmt/format.h>

#include <algorithm>

#include "config/settings.hpp"
#include "core/error.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "core/violations.hpp"

namespace medpfl {

namespace {

void check_memory(const Model& model) {
  constexpr double kGiB = int64_t{1} << 30;
  constexpr int64_t kBytes = kFloatsOfParameter * static_cast<int64_t>(sizeof(float));
  const int64_t parameters = model.layout().size(), memory = machine_memory_bytes();
  if (parameters <= memory / kBytes) return;
  throw ConfigError(
      fmt::format("model.name={} with these options has {} parameters, for which a rank needs "
                  "{:.1f} GiB, and its host has {:.1f} GiB; take a smaller network",
                  model.name(), parameters, static_cast<double>(parameters) * kBytes / kGiB,
                  static_cast<double>(memory) / kGiB));
}

}  // namespace

Model make_model(const Config& config, const Settings& settings, int64_t data_classes) {
  if (settings.classes != 0 && settings.classes < data_classes)
    throw ConfigError(fmt::format("model.classes={} is too small: the data set has {} classes",
                                  settings.classes, data_classes));
  ModelRequest request;
  request.input = {settings.data.channels, settings.data.image_size, settings.data.image_size};
  request.classes = std::max<int64_t>(2, settings.classes != 0 ? settings.classes : data_classes);
  request.activation = settings.activation;
  request.norm_mode = settings.norm_mode;
  request.normalization = settings.normalization;
  request.imprint_rows = settings.imprint_bins;
  request.before_head = settings.defenses.network();
  Model model = models()
                    .find(settings.model_name)
                    .create(config.section("model." + settings.model_name), request);
  check_memory(model);
  Violations wrong;
  if (const StepHook* step = settings.defenses.step()) wrong.guard([&] { step->check(model); });
  for (const AttackPlan::Method& method : settings.attack.methods) try {
      method.attack->check(model);
    } catch (const ConfigError& error) {
      for (const std::string& line : split_list(error.what(), '\n'))
        wrong.check(false, fmt::format("[attack.{}] {}", method.name, line));
    }
  wrong.throw_if_any();
  return model;
}

std::unique_ptr<Algorithm> make_algorithm(const Config& config, const Settings& settings,
                                          const Model& model, const RunSeeds& seeds) {
  const std::string& name = settings.federation.algorithm;
  return algorithms().find(name).create.make(
      config.section("federation." + name),
      TrainingRules{model, settings.federation, settings.defenses, seeds});
}

}  // namespace medpfl
