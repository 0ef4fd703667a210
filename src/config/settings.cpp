#include "config/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "config/secret_keys.hpp"
#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "federation/placement.hpp"
#include "federation/secure_aggregation.hpp"
#include "models/example_gradients.hpp"
#include "models/state_dict.hpp"

namespace medpfl {
namespace {

// Collects what is wrong, so that a user sees everything at once.
class Violations {
 public:
  void check(bool fine, const std::string& message) {
    if (!fine) lines_.push_back(message);
  }
  /// Runs `action` and notes its ConfigError, if any.
  void guard(const std::function<void()>& action) {
    try {
      action();
    } catch (const ConfigError& error) {
      lines_.emplace_back(error.what());
    }
  }
  void throw_if_any() const {
    if (!lines_.empty()) throw ConfigError(join(lines_, "\n"));
  }

 private:
  std::vector<std::string> lines_;
};

FederationSettings read_federation(const OptionValues& values) {
  FederationSettings s;
  s.algorithm = values.text("algorithm");
  s.sends_gradients = algorithms().find(s.algorithm).create.sends_gradients;
  s.clients = values.integer("clients");
  s.rounds = values.integer("rounds");
  s.sampling = values.real("sampling");
  s.local_epochs = values.integer("local_epochs");
  s.batch_size = values.integer("batch_size");
  s.learning_rate = values.real("learning_rate");
  s.server_learning_rate = values.real("server_learning_rate");
  s.server_optimizer = values.text("server_optimizer");
  s.server_momentum = values.real("server_momentum");
  s.server_beta2 = values.real("server_beta2");
  s.server_tau = values.real("server_tau");
  s.state_memory = values.integer("state_memory");
  s.dedicated_server = values.flag("dedicated_server");
  s.evaluate_every = values.integer("evaluate_every");
  s.sum = values.text("sum");
  s.dropout = values.real("dropout");
  s.secure_aggregation = values.flag("secure_aggregation");
  s.secure_threshold = values.real("secure_threshold");
  return s;
}

CapturePolicy read_capture(const OptionValues& values, const FederationSettings& federation) {
  CapturePolicy policy;
  policy.gradients = values.text("gradients");
  policy.rounds = Selection(values.text("rounds"), federation.rounds, "output.rounds");
  policy.clients = Selection(values.text("clients"), federation.clients, "output.clients");
  policy.layers = values.list("layers");
  policy.precision = parse_precision(values.text("precision"));
  return policy;
}

std::vector<int64_t> read_iterations(const OptionValues& values) {
  std::vector<int64_t> out;
  for (const std::string& word : values.list("snapshots")) {
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

void read_attack(const Config& config, Settings* settings, Violations* wrong) {
  const OptionValues values = config.section("attack");
  wrong->guard([&] { settings->snapshots = read_iterations(values); });
  AttackRequest request;
  request.labels = values.text("labels");
  request.engine = values.text("engine");
  request.iterations = values.integer("iterations");
  request.snapshots = settings->snapshots;
  settings->attack.engine = request.engine;
  std::map<std::string, int> named;
  for (const std::string& name : values.list("method")) {
    const int mention = ++named[name];
    wrong->check(mention != 2,
                 fmt::format("attack.method: '{}' is named more than once, and each mention would "
                             "be run and counted; name it once",
                             name));
    if (mention > 1) continue;
    wrong->guard([&] {
      const auto& entry = attacks().find(name);
      settings->attack.methods.push_back(
          {name, entry.create(config.section("attack." + name), request)});
    });
  }
  settings->attack.threat = values.text("threat");
  settings->attack.sums = values.text("sees") == "sum";
  wrong->check(
      !settings->attack.sums || (values.integer("probes") == 0 && values.text("clients") == "all"),
      "attack.sees=sum shows the attacker the sum of all updates and nothing else: it needs "
      "attack.probes=0 and attack.clients=all");
  settings->attack.restarts = values.integer("restarts");
  settings->attack.halving = values.flag("halving");
  settings->attack.max_evaluations = values.integer("max_evaluations");
  settings->attack.max_seconds = values.real("max_seconds");
  settings->attack.all_ranks = values.text("ranks") == "all";
  settings->attack.each_round = values.text("when") == "each-round";
  wrong->guard([&] {
    const std::string none = "none";
    const bool any = !settings->attack.methods.empty();
    settings->targets = AttackTargets{
        Selection(any ? values.text("rounds") : none, settings->federation.rounds, "attack.rounds"),
        Selection(any ? values.text("clients") : none, settings->federation.clients,
                  "attack.clients"),
        values.integer("probes"), values.integer("probe_batch")};
  });
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

// The images of a drawn batch, and so their number, are the hospital's secret.
void check_dp_sgd(const Settings& s, Violations* wrong) {
  const bool drawn = s.federation.dp_sgd && s.federation.dp_sgd->poisson;
  wrong->check(!drawn || s.attack.methods.empty() || s.targets->probes > 0,
               "defense.dp-sgd.sampling=poisson draws batches of any size, and an attack on the "
               "update itself must be told the number of images: attack probes (attack.probes=4), "
               "or use sampling=shuffled");
}

// What needs single updates cannot be had where nobody but their hospitals holds any.
void check_secure_aggregation(const Settings& s, Violations* wrong) {
  if (!s.federation.secure_aggregation) return;
  const int64_t participants = participants_of(s.federation.clients, s.federation.sampling);
  wrong->check(participants >= 2,
               "federation.secure_aggregation hides an update among others, and one hospital alone "
               "takes part in a round: raise federation.clients or federation.sampling");
  wrong->check(participants <= SecureAggregation::kMostParticipants,
               fmt::format("federation.secure_aggregation has keys and masks for each pair of "
                           "hospitals, of at most {} in a round, not {}: lower federation.sampling",
                           SecureAggregation::kMostParticipants, participants));
  wrong->check(s.federation.sum == "exact",
               fmt::format("federation.secure_aggregation adds integers, and federation.sum={} has "
                           "none: use federation.sum=exact",
                           s.federation.sum));
  wrong->check(s.attack.methods.empty() || s.attack.sums,
               "with secure aggregation the server sees only the sum: set attack.sees=sum");
  wrong->check(s.capture.gradients == "none",
               fmt::format("with secure aggregation the server has no single updates that "
                           "output.gradients={} could record: set output.gradients=none",
                           s.capture.gradients));
}

// A malicious server is a threat of its own, and only where the user says so.
void check_threat(const Settings& s, Violations* wrong) {
  const bool malicious = s.attack.threat == "malicious-server";
  wrong->check(malicious == (s.imprint_bins > 0),
               malicious
                   ? "attack.threat=malicious-server changes the model that the server sends: "
                     "say how, by model.imprint_bins=128"
                   : fmt::format("model.imprint_bins={} is the block of a server that changes "
                                 "the model it sends: it needs attack.threat=malicious-server",
                                 s.imprint_bins));
  if (!malicious || s.imprint_bins == 0) return;
  wrong->check(s.imprint_groups <= s.imprint_bins,
               fmt::format("model.imprint_groups={} must not be above model.imprint_bins={}",
                           s.imprint_groups, s.imprint_bins));
  wrong->check(s.federation.sends_gradients ||
                   (s.federation.batch_size == 0 && s.federation.local_epochs == 1),
               "model.imprint_bins holds for one local step, after which the block is another: use "
               "federation.algorithm=fedsgd, or federation.batch_size=0 and local_epochs=1");
}

}  // namespace

Settings make_settings(const Config& config) {
  if (const std::vector<std::string> lines = config.violations(); !lines.empty())
    throw ConfigError(join(lines, "\n"));
  Violations wrong;
  Settings s;
  const OptionValues run = config.section("run");
  s.name = run.text("name");
  s.output = run.text("output");
  s.paired_noise = config.section("defense").text("noise") == "paired";
  s.seeds = derive_seeds(static_cast<uint64_t>(run.integer("seed")),
                         s.paired_noise ? SecretKeys() : secret_keys(config));
  s.threads = run.text("threads") == "auto" ? 0 : static_cast<int>(run.integer("threads"));
  s.device = run.text("device");
  wrong.check(!s.output.empty(), "run.output must name a folder");

  const OptionValues data = config.section("data");
  s.dataset_name = data.text("dataset");
  s.data = {data.text("path"), data.integer("image_size"), data.integer("channels"), s.seeds.world};
  wrong.check(s.data.channels != 2, "data.channels must be 1 (grey) or 3 (RGB)");
  wrong.check(
      s.dataset_name == "phantom" || !s.data.path.empty(),
      fmt::format("data.path must name the file or folder of data.dataset={}", s.dataset_name));

  const OptionValues federation = config.section("federation");
  s.federation = read_federation(federation);
  s.federated_data.limit = data.integer("limit");
  s.federated_data.clients = s.federation.clients;
  s.federated_data.dedicated_server = s.federation.dedicated_server;
  s.federated_data.partition = {partition_kind(federation.text("partition")),
                                federation.real("alpha"), federation.integer("shards_per_client"),
                                s.seeds.world};

  const OptionValues model = config.section("model");
  s.model_name = model.text("name");
  s.activation = model.text("activation");
  s.init = {model.text("init"), model.real("init_scale")};
  s.classes = model.integer("classes");
  s.norm_mode = parse_norm_mode(model.text("norm_mode"));
  wrong.guard(
      [&] { s.normalization = parse_normalization(model.text("normalize"), s.data.channels); });
  s.weights_file = model.text("weights");
  s.new_head = model.flag("new_head");
  wrong.check(!s.new_head || !s.weights_file.empty(),
              "model.new_head=true needs a file in model.weights");
  s.imprint_bins = model.integer("imprint_bins");
  s.imprint_groups = model.integer("imprint_groups");

  const OptionValues output = config.section("output");
  wrong.guard([&] { s.capture = read_capture(output, s.federation); });
  s.weights = output.flag("weights");
  const OptionValues checkpoint = config.section("checkpoint");
  s.checkpoint_every = checkpoint.integer("every");
  s.checkpoint_seconds = checkpoint.real("seconds");

  for (const std::string& name : config.section("defense").list("chain"))
    wrong.guard([&] {
      s.defenses.append(defenses().find(name).create(config.section("defense." + name)));
    });
  s.federation.delta = config.section("defense").real("delta");
  if (const DpSgd* dp = s.defenses.dp_sgd()) s.federation.dp_sgd = *dp;
  s.federation.batch_transform = s.defenses.batch_transform();
  read_attack(config, &s, &wrong);
  check_dp_sgd(s, &wrong);
  check_secure_aggregation(s, &wrong);
  check_batches(s, &wrong);
  check_updates(s, &wrong);
  check_threat(s, &wrong);
  wrong.guard([&] {
    s.dataset =
        datasets().find(s.dataset_name).create(config.section("data." + s.dataset_name), s.data);
  });
  wrong.throw_if_any();
  s.attack.public_knowledge = fmt::format(
      "{}{}; defenses: {}",
      s.imprint_bins > 0 ? "malicious server, which set the block in front of the model by public "
                           "images (the test split); "
                         : "",
      s.attack.sums ? "only the sum of a round" : "single messages", s.defenses.describe());
  return s;
}

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
  if (const Bottleneck* b = settings.defenses.bottleneck()) request.bottleneck = *b;
  Model model = models()
                    .find(settings.model_name)
                    .create(config.section("model." + settings.model_name), request);
  Violations wrong;
  if (settings.federation.dp_sgd) wrong.guard([&] { require_example_gradients(model); });
  for (const AttackPlan::Method& method : settings.attack.methods)
    wrong.guard([&] {
      try {
        method.attack->check(model);
      } catch (const ConfigError& error) {
        throw ConfigError(fmt::format("[attack.{}] {}", method.name, error.what()));
      }
    });
  wrong.throw_if_any();
  return model;
}

namespace {

std::string read_weights_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  if (!in || !(bytes << in.rdbuf()))
    throw DataError(
        fmt::format("model.weights={}: the file cannot be read: {}", path, std::strerror(errno)));
  return bytes.str();
}

}  // namespace

FlatParameters make_first_weights(const Settings& settings, const Model& model) {
  FlatParameters weights = initial_weights(model, settings.init, settings.seeds.server);
  const std::string& path = settings.weights_file;
  if (path.empty()) return weights;
  load_state_dict(read_state_dict(read_weights_file(path), path), model, settings.new_head, path,
                  &weights);
  return weights;
}

std::string digest_weights(const Settings& settings) {
  if (settings.weights_file.empty()) return "";
  Digest digest;
  digest.add(read_weights_file(settings.weights_file));
  return digest.text();
}

std::unique_ptr<Algorithm> make_algorithm(const Config& config, const Settings& settings,
                                          const Model& model, const RunSeeds& seeds) {
  const std::string& name = settings.federation.algorithm;
  return algorithms().find(name).create.make(config.section("federation." + name), model,
                                             settings.federation, seeds);
}

}  // namespace medpfl
