#include "config/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

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

// Some attacks read one image from a message; say so before training rather than after.
void check_batches(const Settings& settings, Violations* wrong) {
  const bool probes = settings.targets && settings.targets->probes > 0;
  for (const AttackPlan::Method& method : settings.attack.methods) {
    const std::string option = method.attack->single_image_option();
    if (option.empty()) continue;
    const bool labels = option.rfind("labels=", 0) == 0;
    const std::string what =
        labels ? fmt::format("attack.{} ({}) reads the label of", option, method.name)
               : fmt::format("attack.{}.{} holds for", method.name, option);
    const std::string instead =
        labels ? "attack.labels=known or joint"
               : fmt::format(
                     "attack.{}.{}", method.name,
                     option == "bottleneck=observed" ? "bottleneck=mean" : "output_error=softmax");
    if (settings.attack.sums) {
      wrong->check(false, fmt::format("{} one image, and attack.sees=sum shows that of all "
                                      "hospitals: use {}",
                                      what, instead));
    } else if (probes) {
      wrong->check(
          settings.targets->probe_batch == 1,
          fmt::format("{} one image: it needs attack.probe_batch=1, or {}", what, instead));
    } else {
      wrong->check(settings.federation.sends_gradients && settings.federation.batch_size == 1,
                   fmt::format("{} one image: attack probes (attack.probes=4), or use "
                               "federation.algorithm=fedsgd with federation.batch_size=1, or {}",
                               what, instead));
    }
  }
}

// Whoever simulates local training, or guesses at it, needs an update that came of it.
void check_updates(const Settings& settings, Violations* wrong) {
  for (const AttackPlan::Method& method : settings.attack.methods) {
    const LocalGuess guess = method.attack->guess();
    std::string option;
    if (guess.rate > 0) option = fmt::format("local_rate={}", guess.rate);
    if (guess.batch > 0) option = fmt::format("local_batch={}", guess.batch);
    if (guess.steps > 0) option = fmt::format("steps={}", guess.steps);
    // One step unrolled is the gradient.
    if (method.attack->update() == "sme" ||
        (settings.attack.sums && method.attack->update() != "gradient"))
      option = fmt::format("update={}", method.attack->update());
    if (option.empty()) continue;
    wrong->check(!settings.federation.sends_gradients,
                 fmt::format("attack.{}.{} is for changes of weights, and messages of "
                             "federation.algorithm={} are gradients: use fedavg, or leave it out",
                             method.name, option, settings.federation.algorithm));
    wrong->check(!settings.attack.sums,
                 fmt::format("attack.{}.{} is for the local training of one hospital, and "
                             "attack.sees=sum shows that of all: use attack.sees=messages",
                             method.name, option));
  }
}

// Which rounds and hospitals are recorded, and which are attacked: none where nothing attacks.
void select(Settings* s, Violations* wrong) {
  const AsWritten& written = s->written;
  const FederationSettings& f = s->federation;
  wrong->guard([&] {
    s->capture.rounds = Selection(written.recorded_rounds, f.rounds, "output.rounds");
    s->capture.clients = Selection(written.recorded_clients, f.clients, "output.clients");
  });
  const bool any = !s->attack.methods.empty();
  wrong->guard([&] {
    s->targets = AttackTargets{
        Selection(any ? written.attacked_rounds : "none", f.rounds, "attack.rounds"),
        Selection(any ? written.attacked_clients : "none", f.clients, "attack.clients"),
        written.probes, written.probe_batch};
  });
}

void make_defenses(const Config& config, Settings* s, Violations* wrong) {
  for (const std::string& name : s->written.chain)
    wrong->guard([&] {
      s->defenses.append(defenses().find(name).create(config.section("defense." + name)));
    });
  if (const DpSgd* dp = s->defenses.dp_sgd()) s->federation.dp_sgd = *dp;
  s->federation.batch_transform = s->defenses.batch_transform();
}

void make_attacks(const Config& config, Settings* s, Violations* wrong) {
  wrong->guard([&] { s->snapshots = read_iterations(s->written.snapshots); });
  s->attack_request.snapshots = s->snapshots;
  s->attack.engine = s->attack_request.engine;
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
          {name, entry.create(config.section("attack." + name), s->attack_request)});
    });
  }
}

// What follows from several options.
void derive(const Config& config, Settings* s, Violations* wrong) {
  s->seeds = derive_seeds(static_cast<uint64_t>(s->written.seed),
                          s->paired_noise ? SecretKeys() : secret_keys(config));
  s->data.seed = s->federated_data.partition.seed = s->seeds.world;
  s->federation.sends_gradients = algorithms().find(s->federation.algorithm).create.sends_gradients;
  s->federated_data.clients = s->federation.clients;
  s->federated_data.dedicated_server = s->federation.dedicated_server;
  s->federated_data.partition.kind = partition_kind(s->written.partition);
  s->norm_mode = parse_norm_mode(s->written.norm_mode);
  s->capture.precision = parse_precision(s->written.precision);
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

}  // namespace

Settings make_settings(const Config& config) {
  if (const std::vector<std::string> lines = config.violations(); !lines.empty())
    throw ConfigError(join(lines, "\n"));
  Violations wrong;
  Settings s;
  for (const FrameworkSection& section : framework_sections())
    section.options.read(config.section(section.name), &s);
  derive(config, &s, &wrong);
  make_defenses(config, &s, &wrong);
  make_attacks(config, &s, &wrong);
  select(&s, &wrong);
  check_settings(s, &wrong);
  // A network for as many classes as are known; the data set may have others.
  wrong.guard([&] { make_model(config, s, std::max<int64_t>(2, s.classes)); });
  check_batches(s, &wrong);
  check_updates(s, &wrong);
  wrong.guard([&] {
    s.dataset =
        datasets().find(s.dataset_name).create(config.section("data." + s.dataset_name), s.data);
  });
  wrong.throw_if_any();
  s.attack.public_knowledge = describe_knowledge(s);
  return s;
}

}  // namespace medpfl
