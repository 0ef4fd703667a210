#include "audit/noise_for_epsilon.hpp"

#include <fmt/format.h>

#include "config/settings.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "federation/privacy_ledger.hpp"

namespace medpfl {
namespace {

const std::vector<double> kUsualEpsilons = {8, 3, 1};

void choose_dp_sgd(Config* config, const std::string& source) {
  config->assign("defense.chain", "dp-sgd", source);
  config->assign("defense.dp-sgd.sampling", "poisson", source);
}

// Returns for each epsilon the sigma with which the ledger of all rounds stays within it.
std::vector<NoiseLevel> levels_for(const std::vector<double>& epsilons, const Config& config,
                                   const Settings& s, const FederatedData& data) {
  const Model model = make_model(config, s, data.classes());
  const auto algorithm = make_algorithm(config, s, model, s.seeds);
  const auto ledger = PrivacyLedger::make(s.federation, *algorithm, s.defenses,
                                          model.layout().size(), s.seeds.clients, data.shard_sizes);
  if (ledger == nullptr)
    throw ConfigError("--epsilon: dp-sgd guarantees nothing with this algorithm");
  for (int64_t r = 0; r < s.federation.rounds; ++r)
    ledger->add(plan_round(r, data.shard_sizes, s.federation.sampling, s.federation.dropout,
                           s.seeds, *s.targets));
  std::vector<NoiseLevel> levels;
  for (const double epsilon : epsilons) {
    levels.push_back({epsilon, ledger->sigma_for(epsilon)});
    if (levels.back().sigma <= 0)
      throw ConfigError(fmt::format("--epsilon {}: no constant noise keeps it", shortest(epsilon)));
  }
  return levels;
}

}  // namespace

void add_noise_for(const Communicator& comm, double epsilon, Config* config) {
  const std::string source = "--epsilon";
  Settings settings;
  comm.agree([&] {
    if (!config->section("defense").list("chain").empty())
      throw ConfigError("--epsilon sets defense.chain to dp-sgd, and it is set already: leave one");
    choose_dp_sgd(config, source);
    settings = make_settings(*config);
  });
  const FederatedData data =
      plan_federated_data(comm, *settings.dataset, settings.federated_data, settings.federation);
  comm.agree([&] {
    const double sigma = levels_for({epsilon}, *config, settings, data)[0].sigma;
    config->assign("defense.dp-sgd.sigma", fmt::format("{:.6g}", sigma), source);
    log_info(fmt::format("--epsilon {}: dp-sgd with sigma={:.6g}", shortest(epsilon), sigma));
  });
}

std::vector<NoiseLevel> noise_levels(Config config, const FederatedData& data) {
  if (!config.section("defense").list("chain").empty()) return {};
  try {
    choose_dp_sgd(&config, "the noise for an epsilon");
    const Settings settings = make_settings(config);
    return levels_for(kUsualEpsilons, config, settings, data);
  } catch (const ConfigError&) {  // this federation cannot have it
    return {};
  }
}

}  // namespace medpfl
