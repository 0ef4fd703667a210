#include "audit/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "audit/budget.hpp"
#include "audit/frozen_schedules.hpp"
#include "config/adaptation.hpp"
#include "config/attack_budget.hpp"
#include "config/attack_targets.hpp"
#include "config/settings.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

const std::string kSource = "audit";

void assign(Config* config, const std::vector<std::pair<std::string, std::string>>& options) {
  for (const auto& [option, value] : options) config->assign(option, value, kSource);
}

std::string value_of(const Config& config, const std::string& option) {
  return config.entries().at(option).value;
}

// Sets what a task may cost, in evaluations alone.
void set_budget(int64_t evaluations, Config* config) {
  assign(config, budget_options(evaluations));
  assign(config, {{"attack.restarts", "1"}, {"attack.snapshots", ""}});
}

std::vector<int64_t> selected_rounds(const std::string& text, int64_t rounds) {
  const Selection selection(text, rounds, "attack.rounds");
  std::vector<int64_t> out;
  for (int64_t r = 0; r < rounds; ++r)
    if (selection.contains(r)) out.push_back(r);
  return out;
}

// The folder of what is about a network other than the first, which is at home in the audit's own.
std::string folder_of(int64_t network) { return fmt::format("network-{}", network); }
std::string prefix_of(int64_t network) { return network == 0 ? "" : folder_of(network) + "/"; }

std::string few_rounds(const Config& config) {
  std::vector<std::string> words;
  const int64_t rounds = config.section("federation").integer("rounds");
  for (const int64_t r : first_middle_last(std::max<int64_t>(1, rounds)))
    words.push_back(std::to_string(r));
  return join(words, ",");
}

}  // namespace

std::string Stage::name() const { return fmt::format("round-{}-{}", round, kind()); }

std::vector<int64_t> first_middle_last(int64_t rounds) {
  const std::set<int64_t> chosen = {0, (rounds - 1) / 2, rounds - 1};
  return {chosen.begin(), chosen.end()};
}

std::vector<std::string> audit_parts(int64_t federations) {
  std::vector<std::string> out = {"federation", "rehearsal", "attack",
                                  "judge",      "presets",   "audit.h5"};
  for (int64_t network = 1; network < federations; ++network) out.push_back(folder_of(network));
  return out;
}

void set_audit_defaults(Config* config) {
  const auto set = [&](const std::string& option, const std::string& value) {
    if (config->entries().at(option).source == kDefault) config->assign(option, value, kSource);
  };
  if (!value_of(*config, "data.path").empty()) set("data.dataset", "image-folder");
  set("run.name", "audit");
  set("run.output", "runs/audit");
  if (value_of(*config, "data.public_path").empty()) set("data.public", "0.5");
  set("federation.algorithm", "fedavg");
  set("federation.clients", "4");
  set("federation.rounds", "5");
  set("federation.batch_size", "10");
  set("attack.probes", "6");
  set("attack.rounds", few_rounds(*config));
}

void set_recorded_defaults(Config* config) {
  const bool updates = config->section("attack").integer("probes") == 0;
  if (updates && config->entries().at("attack.rounds").source != kCommandLine)
    config->assign("attack.rounds", few_rounds(*config), kSource);
}

AuditPlan make_audit_plan(const Config& base) {
  const Settings settings = make_settings(base);
  if (settings.attack.sums || settings.federation.secure_aggregation)
    throw ConfigError(
        "audit attacks single messages, and the server sees only their sum: leave "
        "federation.secure_aggregation and attack.sees=sum out, or attack the sum by medpfl "
        "simulate");
  if (settings.attack.threat != Threat::kHonestButCurious)
    throw ConfigError("audit has an honest server: leave attack.threat out");
  AuditPlan plan;
  plan.base = base;
  plan.folder = settings.output;
  plan.probes = settings.written.probes;
  const std::vector<std::string>& targets = settings.written.targets;
  const auto alone = [&](const char* word) { return targets == std::vector<std::string>{word}; };
  plan.kinds = {!alone("probes"), !alone("updates")};
  plan.rounds = selected_rounds(settings.written.attacked_rounds, settings.federation.rounds);
  if (plan.rounds.empty())
    throw ConfigError("attack.rounds selects no round that an audit attacks");
  return plan;
}

std::vector<Stage> AuditPlan::stages() const {
  std::vector<Stage> out;
  for (const bool of_probes : {false, true})
    for (const int64_t round : rounds)
      if (of_probes ? kinds.probes && probes > 0 : kinds.updates) out.push_back({round, of_probes});
  return out;
}

std::vector<CandidateAttack> AuditPlan::presets_for(const Stage& stage) const {
  std::vector<CandidateAttack> all;
  for (const std::string& method : presets) all.push_back({method, method, {}});
  return applicable(all, of_stage(base, stage, "", kFewestEvaluations));
}

std::vector<CandidateAttack> AuditPlan::candidates(const Stage& stage) const {
  const Config config = of_rehearsal(stage, "screen", 1, 1);
  const Settings settings = make_settings(config);
  const bool single_images = reads_single_images(settings, "", AttackFacts());
  return applicable(
      candidates_for({single_images, !stage.probes && !settings.federation.sends_gradients}),
      config);
}

std::string AuditPlan::federation(int64_t network) const {
  if (!input.empty()) return input;
  return folder + "/" + federation_folder(network);
}

std::string AuditPlan::federation_folder(int64_t network) {
  return prefix_of(network) + "federation";
}

std::string AuditPlan::attack_folder(const std::string& part, const Stage& stage, int64_t network) {
  return fmt::format("{}{}/{}", prefix_of(network), part, stage.name());
}

Config AuditPlan::of_federation(int64_t network) const {
  Config config = base;
  const int64_t seed = base.section("run").integer("seed");
  if (network > 0) assign(&config, {{"run.seed", std::to_string(seed + network)}});
  assign(&config, {{"attack.method", ""},
                   {"attack.targets", "auto"},
                   {"output.gradients", "attacked"},
                   {"output.weights", "true"},
                   {"run.output", federation(network)}});
  return config;
}

Config AuditPlan::of_rehearsal(const Stage& stage, const std::string& step, int64_t of_each,
                               int64_t evaluations) const {
  Config config = base;
  assign(&config, {{"data.hospitals", "public"},
                   {"data.limit", "0"},
                   {"model.weights", federation()},
                   {"model.weights_round", std::to_string(stage.round)},
                   {"model.new_head", "false"},
                   {"federation.rounds", "1"},
                   {"federation.clients", "1"},
                   {"federation.partition", "iid"},
                   {"federation.sampling", "1"},
                   {"federation.dropout", "0"},
                   {"attack.method", ""},
                   {"attack.rounds", "0"},
                   {"attack.clients", "all"},
                   {"attack.targets", stage.kind() + "s"},
                   {"attack.probes", std::to_string(stage.probes ? of_each : 0)},
                   {"output.gradients", "none"},
                   {"output.weights", "false"},
                   {"run.output", fmt::format("{}/rehearsal/{}-{}", folder, stage.name(), step)}});
  freeze_schedules(stage.round, base.section("federation").integer("rounds"), kSource, &config);
  set_budget(evaluations, &config);
  return config;
}

Config AuditPlan::undefended(Config rehearsal) const {
  assign(&rehearsal, {{"defense.chain", ""}});
  return rehearsal;
}

Config AuditPlan::of_stage(const Config& recorded, const Stage& stage, const std::string& output,
                           int64_t evaluations) const {
  Config config = recorded;
  assign(&config, {{"attack.rounds", std::to_string(stage.round)},
                   {"attack.targets", stage.kind() + "s"},
                   {"attack.probes", std::to_string(stage.probes ? probes : 0)},
                   {"run.output", folder + "/" + output}});
  set_budget(evaluations, &config);
  return config;
}

Config AuditPlan::of_attack(const Config& recorded, const Stage& stage, const std::string& output,
                            const CandidateAttack& attack, int64_t evaluations) const {
  Config config = of_stage(recorded, stage, output, evaluations);
  attack.assign(&config, kRehearsal);
  adapt_attacks(&config);
  return config;
}

Config AuditPlan::of_presets(const Config& recorded, const Stage& stage, const std::string& output,
                             const std::vector<CandidateAttack>& attacks,
                             int64_t evaluations) const {
  Config config = of_stage(recorded, stage, output, evaluations);
  std::vector<std::string> methods;
  for (const CandidateAttack& one : attacks) methods.push_back(one.method);
  assign(&config, {{"attack.method", join(methods, ",")}});
  adapt_attacks(&config);
  return config;
}

}  // namespace medpfl
