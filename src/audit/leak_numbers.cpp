#include "audit/leak_numbers.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {

LeakNumbers read_leak(const std::string& folder, const std::string& kind) {
  const h5::File run = open_run(folder);
  const std::string group = "/attacks/summary/";
  if (!run.exists("/attacks/summary"))
    throw FormatError(fmt::format("{}: holds no attacks; the run is damaged", run.path()));
  const auto method = run.read<std::string>(group + "method");
  const auto kinds = run.read<std::string>(group + "kind");
  const auto round = run.read<int64_t>(group + "round");
  for (size_t i = 0; i < method.size(); ++i) {
    if (method[i] == kWithoutAttack || kinds[i] != kind || round[i] != kAllRounds) continue;
    const auto real = [&](const char* name) { return run.read<double>(group + name)[i]; };
    LeakNumbers out;
    out.identified.value = real("identified");
    out.identified.low = real("identified_low");
    out.identified.high = real("identified_high");
    out.identified.effective = real("identified_effective");
    out.identified.clusters = run.read<int64_t>(group + "clusters")[i];
    out.identified.networks = 1;
    out.images = out.identified.images = run.read<int64_t>(group + "images")[i];
    out.chance = real("chance");
    out.bound = real("identified_bound");
    out.reidentified = real("reidentified");
    out.ssim = real("ssim_mean");
    return out;
  }
  throw FormatError(
      fmt::format("{}: holds no attack on {}s; the run is damaged", run.path(), kind));
}

double accuracy_before(const std::string& folder, int64_t round) {
  const h5::File run = open_run(folder);
  double out = run.read_real_attribute("/rounds", "initial_balanced_accuracy");
  const auto rounds = run.read<int64_t>("/rounds/round");
  const auto accuracy = run.read<double>("/rounds/balanced_accuracy");
  for (size_t i = 0; i < rounds.size(); ++i)
    if ((round < 0 || rounds[i] < round) && !std::isnan(accuracy[i])) out = accuracy[i];
  return out;
}

std::string network_at_end(const std::string& folder) {
  const auto words = open_run(folder).read<std::string>("/rounds/network");
  return words.empty() ? "" : words.back();
}

}  // namespace medpfl
