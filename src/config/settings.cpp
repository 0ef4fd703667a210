#include "config/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "config/adaptation.hpp"
#include "config/attack_checks.hpp"
#include "config/attack_targets.hpp"
#include "config/framework_options.hpp"
#include "config/secret_keys.hpp"
#include "config/setting_checks.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

std::vector<int64_t> read_iterations(const std::vector<std::string>& words) {
  std::vector<int64_t> out;
  for (const std::string& word : words) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size() || number < 0)
      throw ConfigError(fmt::format("attack.snapshots: '{}' is not an iteration", word));
    out.push_back(number);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// Selects the rounds and hospitals that are recorded, and those that are attacked, which are none
// where there is no attack, unless their messages are recorded for a later one.
void select(Settings* s, Violations* wrong) {
  const AsWritten& written = s->written;
  const FederationSettings& f = s->federation;
  wrong->guard([&] {
    s->capture.rounds = Selection(written.recorded_rounds, f.rounds, "output.rounds");
    s->capture.clients = Selection(written.recorded_clients, f.clients, "output.clients");
  });
  const bool any =
      !s->attack.methods.empty() || s->capture.gradients == CapturedMessages::kAttacked;
  wrong->guard([&] {
    s->targets = AttackTargets{
        Selection(any ? written.attacked_rounds : "none", f.rounds, "attack.rounds"),
        Selection(any ? written.attacked_clients : "none", f.clients, "attack.clients"),
        written.probes, written.probe_batch};
  });
}

void make_attacks(const Config& config, Settings* s, Violations* wrong) {
  wrong->guard([&] { s->snapshots = read_iterations(s->written.snapshots); });
  s->attack_request.snapshots = s->snapshots;
  s->attack.defended = !s->defenses.empty();
  std::map<std::string, int> named;
  for (const std::string& name : s->written.methods) {
    const int mention = ++named[name];
    wrong->check(mention != 2,
                 fmt::format("attack.method: '{}' is named more than once, and each mention would "
                             "be run and counted; name it once",
                             name));
    if (mention > 1) continue;
    wrong->guard([&] {
      const auto& entry = attacks().find(name);
      s->attack.methods.push_back(
          {name, entry.create(config.section("attack." + name), s->attack_request), false,
           adapted_options(config, name)});
    });
  }
}

// Fills in what follows from several options.
void derive(const Config& config, Settings* s, Violations* wrong) {
  s->seeds = derive_seeds(static_cast<uint64_t>(s->written.seed),
                          s->paired_noise ? SecretKeys() : secret_keys(config));
  s->data.seed = s->federated_data.partition.seed = s->seeds.world;
  s->data.wants_test = s->federated_data.holdout == 0;
  s->federation.sends_gradients = algorithms().find(s->federation.algorithm).create.sends_gradients;
  wrong->guard([&] { s->data.window = parse_window(s->written.window); });
  wrong->guard(
      [&] { s->normalization = parse_normalization(s->written.normalize, s->data.channels); });
}

std::string describe_knowledge(const Settings& s) {
  return fmt::format(
      "{}{}; defenses: {}",
      s.imprint_bins > 0 ? "malicious server, which set the block in front of the model by public "
                           "images (the test split); "
                         : "",
      s.attack.sums ? "only the sum of a round" : "single messages", s.defenses.describe());
}

// Whether a rehearsal chose the options of an attack.
bool rehearsed(const Config& config, const std::string& method) {
  const std::string section = "attack." + method + ".";
  return std::any_of(config.entries().begin(), config.entries().end(), [&](const auto& entry) {
    return entry.second.source == kRehearsal && entry.first.rfind(section, 0) == 0;
  });
}

}  // namespace

DefenseChain make_defenses(const Config& config, const std::vector<std::string>& chain,
                           Violations* wrong) {
  DefenseChain all;
  for (const std::string& name : chain)
    wrong->guard(
        [&] { all.append(defenses().find(name).create(config.section("defense." + name))); });
  return all;
}

Settings make_settings(const Config& config) {
  if (const std::vector<std::string> lines = config.violations(); !lines.empty())
    throw ConfigError(join(lines, "\n"));
  Violations wrong;
  Settings s = read_framework_options(config);
  derive(config, &s, &wrong);
  s.defenses = make_defenses(config, s.written.chain, &wrong);
  make_attacks(config, &s, &wrong);
  select(&s, &wrong);
  check_settings(s, &wrong);
  // Finds what is wrong with the network; the data set, not read yet, may have other classes.
  wrong.guard([&] {
    const Model model = make_model(config, s, std::max<int64_t>(2, s.classes));
    const Traces traces = s.defenses.traces();
    for (AttackPlan::Method& method : s.attack.methods)
      method.adapted = rehearsed(config, method.name) ? unanswered(traces).empty()
                                                      : answers(method.attack->facts().counters,
                                                                traces, model.layout().trainable());
  });
  choose_targets(&s, &wrong);
  check_attacks(s, &wrong);
  wrong.guard([&] {
    s.dataset = datasets()
                    .find(s.dataset_name)
                    .create.make(config.section("data." + s.dataset_name), s.data);
  });
  wrong.throw_if_any();
  s.attack.public_knowledge = describe_knowledge(s);
  return s;
}

}  // namespace medpfl
