#include "results/run/sweep_points.hpp"

#include <filesystem>
#include <limits>

#include "core/text.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {
namespace {

h5::Column<std::string> settings_of(const h5::File& sweep, size_t points) {
  const std::vector<std::string> options = sweep.names("/points/options");
  std::vector<std::vector<std::string>> values(points);
  for (const std::string& option : options) {
    const auto column = sweep.read<std::string>("/points/options/" + option);
    for (size_t i = 0; i < points; ++i) values[i].push_back(column[i]);
  }
  std::vector<std::string> out;
  for (const auto& of_point : values) out.push_back(setting_of(options, of_point));
  return {out, sweep.path() + ":/points/options"};
}

void add_means(const h5::File& run, PointOutcomes* point) {
  const std::string summary = "/attacks/summary/";
  const auto method = run.read<std::string>(summary + "method");
  const auto kind = run.read<std::string>(summary + "kind");
  const auto round = run.read<int64_t>(summary + "round");
  const auto images = run.read<int64_t>(summary + "images");
  const auto mean = [&](const char* name) {
    return run.read_or<double>(summary + name, method.size(),
                               std::numeric_limits<double>::quiet_NaN());
  };
  const auto bound = mean("identified_bound"), chance = mean("chance");
  for (size_t i = 0; i < method.size(); ++i) {
    const auto found = point->attacks.find({kind[i], method[i]});
    if (round[i] != kAllRounds || found == point->attacks.end()) continue;
    found->second.bounds = static_cast<double>(images[i]) * bound[i];
    found->second.chance = static_cast<double>(images[i]) * chance[i];
  }
}

}  // namespace

std::string setting_of(const std::vector<std::string>& options,
                       const std::vector<std::string>& values) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < options.size(); ++i)
    if (options[i] != "run.seed" && !values[i].empty())
      parts.push_back(options[i] + "=" + values[i]);
  return join(parts);
}

std::string name_of(const std::string& setting) {
  return setting.empty() ? "the base configuration" : setting;
}

std::map<int64_t, PointOutcomes> read_points(const h5::File& sweep) {
  const auto folder = sweep.read<std::string>("/points/folder");
  const auto status = sweep.read<std::string>("/points/status");
  const size_t n = folder.size();
  const auto setting = sweep.exists("/points/setting") ? sweep.read<std::string>("/points/setting")
                                                       : settings_of(sweep, n);
  const auto against = sweep.read_or<int64_t>("/points/against", n, -1);
  const auto control = sweep.read_or<int64_t>("/points/control", n, 0);
  const auto defended = sweep.read_or<int64_t>("/points/defended", n, 0);
  const auto messages = sweep.read_or<int64_t>("/points/messages", n, -1);
  const auto answering = sweep.read_or<std::string>("/points/answering", n, "");
  const bool knows_answers = sweep.exists("/points/answering");
  const std::filesystem::path base = std::filesystem::path(sweep.path()).parent_path();
  std::map<int64_t, PointOutcomes> out;
  ImageNumbers images;
  for (size_t i = 0; i < n; ++i) {
    if (status[i] != "complete") continue;
    const h5::File run = open_run((base / folder[i]).string());
    if (!run.exists("/attacks/images/identified")) continue;
    const auto number = static_cast<int64_t>(i);
    PointOutcomes& point = out[number];
    point.setting = setting[i];
    point.against = against[i];
    point.control = control[i] != 0;
    point.defended = defended[i] != 0;
    point.messages = messages[i];
    if (knows_answers) point.answering = split_list(answering[i]);
    for_each_outcome(
        run, number, &images, [&](const AttackedMessage& message, const Outcome& outcome) {
          point.attacks[{message.kind, message.method}].images.push_back({message, outcome});
        });
    add_means(run, &point);
    point.claim = privacy_claim(run);
  }
  return out;
}

}  // namespace medpfl
