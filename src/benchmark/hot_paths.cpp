// The hot paths of one rank: a matching evaluation and local training.
#include "benchmark/hot_paths.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>

#include "attacks/engines/matching_engine.hpp"
#include "core/random.hpp"
#include "data/dataset.hpp"

namespace medpfl {
namespace {

constexpr int kStarts = 7, kEvaluations = 10;
constexpr const char* kGradientFloor = "one gradient of the model";

Client random_client(const Model& model, int64_t images) {
  RandomStream random({1, Purpose::kBenchmark, 0, 0, 0});
  const ImageShape& shape = model.input();
  std::vector<uint8_t> pixels(static_cast<size_t>(images * shape.size()));
  for (uint8_t& p : pixels) p = static_cast<uint8_t>(random.below(256));
  std::vector<int64_t> labels(static_cast<size_t>(images));
  for (int64_t& l : labels)
    l = static_cast<int64_t>(random.below(static_cast<uint64_t>(model.classes())));
  Client client;
  client.images =
      at::from_blob(pixels.data(), {images, shape.channels, shape.height, shape.width}, at::kByte)
          .clone();
  client.labels = at::tensor(labels, at::kLong);
  for (int64_t i = 0; i < images; ++i) client.positions.push_back(i);
  return client;
}

// Of all images of the client, at wide weights, as the attack papers have them.
Observation observe_wide(const Model& model, const Client& client) {
  Observation o;
  o.weights = initial_weights(model, {InitKind::kUniform, 0.5}, 1);
  o.gradient = FlatParameters(model.layout());
  batch_gradient(model, client, o.weights, client.positions, &o.gradient);
  return o;
}

// Milliseconds of one gradient of all images of the client.
double gradient_time(const Communicator& comm, const Model& model, const Client& client,
                     const FlatParameters& weights) {
  FlatParameters gradient(model.layout());
  return 1e3 * seconds(comm, [&] {
           batch_gradient(model, client, weights, client.positions, &gradient);
         });
}

}  // namespace

void benchmark_attack(const Communicator& comm, const Model& model,
                      std::vector<BenchmarkRow>* rows) {
  // One image at wide weights, so that the optimizer runs to its last iteration.
  const Client client = random_client(model, 1);
  const Observation o = observe_wide(model, client);
  AttackRequest request;
  request.iterations = 20;
  const auto& entry = attacks().find("idlg");
  OptionValues options = OptionValues::defaults(entry.options);
  options.set("stop_loss", "0");
  const auto attack = entry.create(options, request);
  std::vector<double> all;
  for (uint64_t start = 0; start < kStarts; ++start) {
    const Reconstruction r = *attack->run(model, o, {1, Purpose::kAttackStart, 0, 0, start}, "",
                                          [](const AttackProgress&) { return AttackOrder::kGoOn; });
    all.push_back(1e3 * r.seconds / static_cast<double>(r.evaluations));
  }
  std::nth_element(all.begin(), all.begin() + kStarts / 2, all.end());
  const double per_evaluation = comm.max(all[kStarts / 2]);

  rows->push_back({"matching evaluation with L-BFGS, batch 1", per_evaluation, "ms",
                   gradient_time(comm, model, client, o.weights), kGradientFloor});
}

void benchmark_engines(const Communicator& comm, const Model& model, int64_t batch,
                       std::vector<BenchmarkRow>* rows) {
  const Client client = random_client(model, batch);
  const Observation o = observe_wide(model, client);
  const double floor = gradient_time(comm, model, client, o.weights);
  const auto objective = make_gradient_distance({DistanceKind::kL2}, o.gradient);
  Candidate candidate;
  candidate.images = to_unit_range(random_client(model, 2 * batch).images.slice(0, batch));
  candidate.labels = client.labels;
  for (const EngineKind kind : words_of(EngineKind()).values()) {
    if (kind == EngineKind::kNative && !native_applies(model)) continue;
    const auto engine = make_engine(kind, model, o, *objective);
    CandidateGradient result;
    const double time = seconds(comm, [&] {
      for (int i = 0; i < kEvaluations; ++i) engine->evaluate(candidate, &result);
    });
    rows->push_back({fmt::format("engine {}, batch {}", word_of(kind), batch),
                     1e3 * time / kEvaluations, "ms", floor, kGradientFloor});
  }
}

void benchmark_training(const Communicator& comm, const Config& config, const Settings& settings,
                        const Model& model, std::vector<BenchmarkRow>* rows) {
  FederationSettings federation = settings.federation;
  federation.batch_size = std::max<int64_t>(1, federation.batch_size);
  federation.local_epochs = 1;
  const Client client = random_client(model, 50 * federation.batch_size);
  const FlatParameters global = initial_weights(model, settings.init, 1);
  FlatParameters work(model.layout());
  Message update;
  update.payload = FlatParameters(model.layout());
  const auto training = [&](const DefenseChain& defenses) {
    const std::shared_ptr<Algorithm> algorithm = algorithms().find("fedavg").create.make(
        config.section("federation.fedavg"), {model, federation, defenses, {}});
    return [&, algorithm] { algorithm->train(client, global, &work, &update); };
  };
  const std::string batch = fmt::format(", batch {}", federation.batch_size),
                    unit = "steps/s a rank";
  const DefenseChain& defenses = settings.defenses;
  const DefenseChain none;
  if (defenses.batch() != nullptr || defenses.step() != nullptr) {
    const auto [time, without] = seconds_by_turns(comm, training(defenses), training(none));
    rows->push_back({"local training under the defense chain" + batch, 50 / time, unit,
                     50 / without, "local training without it"});
  } else {
    rows->push_back({"local training" + batch, 50 / seconds(comm, training(none)), unit, 0, ""});
  }
}

}  // namespace medpfl
