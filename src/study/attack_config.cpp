#include "study/attack_config.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "config/adaptation.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {
namespace {

bool may_change(const std::string& option) {
  if (option == "attack.threat") return false;  // decided how messages were made
  for (const char* section : {"run.", "attack.", "checkpoint."})
    if (option.rfind(section, 0) == 0) return true;
  return false;
}

// Returns the options of a run that have this source, one a line.
std::string options_from(const h5::File& run, const std::string& source) {
  const auto options = run.read<std::string>("/config/option");
  const auto sources = run.read<std::string>("/config/source");
  std::string lines;
  for (size_t i = 0; i < options.size(); ++i)
    if (sources.at(i) == source) lines += options[i] + "\n";
  return lines;
}

}  // namespace

Config recorded_config(const Communicator& comm, const std::string& input) {
  std::string text, defaults, adapted;
  comm.agree([&] {
    if (input.empty()) throw ConfigError("attack needs the run to attack: --input runs/x/run.h5");
    if (!comm.is_root()) return;
    const h5::File run = open_run(input);
    text = run.read_text("/config/resolved");
    defaults = options_from(run, kDefault);
    adapted = options_from(run, kAdaptation);
  });
  text = comm.broadcast(std::move(text));
  defaults = comm.broadcast(std::move(defaults));
  adapted = comm.broadcast(std::move(adapted));
  Config config;
  comm.agree([&] {
    config.read_text(text, input);
    for (const std::string& option : split_list(defaults, '\n'))
      config.assign(option, config.entries().at(option).value, kDefault);
    for (const std::string& option : split_list(adapted, '\n')) config.unset(option);
  });
  return config;
}

void refuse_changed_record(const Config& recorded, const Config& config, const std::string& input) {
  std::vector<std::string> free;
  for (const auto& [option, entry] : config.entries())
    if (may_change(option)) free.push_back(option);
  const std::vector<std::string> lines = config.differences(recorded, free);
  if (!lines.empty())
    throw ConfigError(
        fmt::format("attack works on what {} recorded; these options cannot be changed:\n{}", input,
                    join(lines, "\n")));
}

void check_attack_settings(const Settings& settings, const std::string& input) {
  if (settings.attack.methods.empty())
    throw ConfigError("attack.method is empty: name an attack, e.g. --attack.method=idlg");
  if (settings.federation.secure_aggregation)
    throw ConfigError(fmt::format(
        "{} was trained under secure aggregation and recorded no messages that could be attacked "
        "again; medpfl simulate attacks its sums, by attack.method and attack.sees=sum",
        input));
  if (settings.attack.sums)
    throw ConfigError(
        "attack.sees=sum works in medpfl simulate; recorded messages are single: set "
        "attack.sees=messages");
}

void check_attack_output(const std::string& output, const std::string& input) {
  std::error_code error;
  const auto folder = std::filesystem::absolute(open_run(input).path()).parent_path();
  if (std::filesystem::equivalent(folder, output, error))
    throw ConfigError(
        fmt::format("run.output={} is the run that is attacked; name another folder", output));
}

}  // namespace medpfl
