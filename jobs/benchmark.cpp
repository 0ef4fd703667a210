// medpfl benchmark: throughput of each hot path, beside the floor that the machine sets.
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <vector>

#include "comm/exact_sum.hpp"
#include "comm/rank_place.hpp"
#include "config/settings.hpp"
#include "core/error.hpp"
#include "core/process.hpp"
#include "core/random.hpp"
#include "h5/file.hpp"
#include "h5/parallel_file.hpp"
#include "job.hpp"
#include "models/differentiator.hpp"
#include "results/durable_file.hpp"
#include "results/gradient_capture.hpp"

namespace medpfl {
namespace {

constexpr int kRepetitions = 7;
constexpr int64_t kVector = int64_t{1} << 22;         // elements of the communication benchmark
constexpr int64_t kCaptureBytes = int64_t{64} << 20;  // a rank records

std::string help() {
  return "usage: [mpirun -n RANKS] medpfl benchmark [--section.option=value ...]\n\n"
         "Measures matching evaluations, training steps, aggregation and capture with the network "
         "of "
         "[model] and [data], medians of repeated runs, and writes run.output/benchmark.h5.\n" +
         describe_sections();
}

struct Row {
  std::string what;
  double value = 0;
  std::string unit;
  double floor = 0;  // the same unit; 0: none
  std::string floor_is;
};

using Clock = std::chrono::steady_clock;

// Median seconds of the slowest rank.
double seconds(const Communicator& comm, const std::function<void()>& action) {
  std::vector<double> times;
  action();
  for (int i = 0; i < kRepetitions; ++i) {
    comm.barrier();
    const auto start = Clock::now();
    action();
    times.push_back(comm.max(std::chrono::duration<double>(Clock::now() - start).count()));
  }
  std::nth_element(times.begin(), times.begin() + kRepetitions / 2, times.end());
  return times[kRepetitions / 2];
}

// The same of two actions, each done once after the other.
std::pair<double, double> seconds_by_turns(const Communicator& comm,
                                           const std::function<void()>& first,
                                           const std::function<void()>& second) {
  std::vector<double> a, b;
  const auto once = [&](const std::function<void()>& action) {
    comm.barrier();
    const auto start = Clock::now();
    action();
    return comm.max(std::chrono::duration<double>(Clock::now() - start).count());
  };
  once(first);
  once(second);
  for (int i = 0; i < kRepetitions; ++i) {
    a.push_back(once(first));
    b.push_back(once(second));
  }
  std::nth_element(a.begin(), a.begin() + kRepetitions / 2, a.end());
  std::nth_element(b.begin(), b.begin() + kRepetitions / 2, b.end());
  return {a[kRepetitions / 2], b[kRepetitions / 2]};
}

Hospital random_hospital(const Model& model, int64_t images) {
  RandomStream random({1, Purpose::kBenchmark, 0, 0, 0});
  const ImageShape& shape = model.input();
  std::vector<uint8_t> pixels(static_cast<size_t>(images * shape.size()));
  for (uint8_t& p : pixels) p = static_cast<uint8_t>(random.below(256));
  std::vector<int64_t> labels(static_cast<size_t>(images));
  for (int64_t& l : labels)
    l = static_cast<int64_t>(random.below(static_cast<uint64_t>(model.classes())));
  Hospital hospital;
  hospital.images =
      at::from_blob(pixels.data(), {images, shape.channels, shape.height, shape.width}, at::kByte)
          .clone();
  hospital.labels = at::tensor(labels, at::kLong);
  for (int64_t i = 0; i < images; ++i) hospital.positions.push_back(i);
  return hospital;
}

void benchmark_attack(const Communicator& comm, const Model& model, std::vector<Row>* rows) {
  // Wide weights, as the attack papers have them, and one image: the optimizer runs its full
  // course.
  Observation o;
  o.weights = initial_weights(model, {"uniform", 0.5}, 1);
  o.gradient = FlatParameters(model.layout());
  const Hospital hospital = random_hospital(model, 1);
  batch_gradient(model, hospital, o.weights, {0}, &o.gradient);
  AttackRequest request;
  request.iterations = 20;
  const auto& entry = attacks().find("idlg");
  OptionValues options = OptionValues::defaults(entry.options);
  options.set("stop_loss", "0");
  const auto attack = entry.create(options, request);
  std::vector<double> all;
  for (uint64_t start = 0; start < kRepetitions; ++start) {
    const Reconstruction r = *attack->run(model, o, {1, Purpose::kAttackStart, 0, 0, start}, "",
                                          [](const AttackProgress&) { return true; });
    all.push_back(1e3 * r.seconds / static_cast<double>(r.evaluations));
  }
  std::nth_element(all.begin(), all.begin() + kRepetitions / 2, all.end());
  const double per_evaluation = comm.max(all[kRepetitions / 2]);

  FlatParameters gradient(model.layout());
  const double first_order =
      seconds(comm, [&] { batch_gradient(model, hospital, o.weights, {0}, &gradient); });
  rows->push_back({"matching evaluation with L-BFGS, batch 1", per_evaluation, "ms",
                   1e3 * first_order, "one gradient of the model"});
}

void benchmark_training(const Communicator& comm, const Config& config, const Settings& settings,
                        const Model& model, std::vector<Row>* rows) {
  FederationSettings federation = settings.federation;
  federation.batch_size = std::max<int64_t>(1, federation.batch_size);
  federation.local_epochs = 1;
  const auto aggregator = aggregators().find("fedavg").create(config.section("federation.fedavg"),
                                                              model, federation, 1);
  const Hospital hospital = random_hospital(model, 50 * federation.batch_size);
  const FlatParameters global = initial_weights(model, settings.init, 1);
  FlatParameters work(model.layout());
  Message update;
  update.payload = FlatParameters(model.layout());
  const double time = seconds(comm, [&] { aggregator->train(hospital, global, &work, &update); });
  rows->push_back({fmt::format("local training, batch {}", federation.batch_size), 50 / time,
                   "steps/s a rank", 0, ""});
}

void benchmark_communication(const Communicator& comm, std::vector<Row>* rows) {
  ParameterLayout layout;
  layout.add("vector", {kVector});
  FlatParameters values(layout);
  RandomStream random({1, Purpose::kBenchmark, 1, 0, 0});
  for (int64_t i = 0; i < kVector; ++i) values.data()[i] = static_cast<float>(random.normal());
  ExactSum sum(kVector);
  const double quantize = seconds(comm, [&] { sum.add(values.data(), kVector, 0.5, "benchmark"); });
  sum.clear();
  const double reduce = seconds(comm, [&] { sum.reduce(comm); });
  const double broadcast = seconds(comm, [&] { comm.broadcast(&values); });
  const double bytes = static_cast<double>(kVector) * (sizeof(int64_t) + sizeof(float));
  std::vector<char> from(static_cast<size_t>(bytes), 1), to(static_cast<size_t>(bytes));
  const double copy = seconds(comm, [&] { std::memcpy(to.data(), from.data(), from.size()); });
  rows->push_back({"exact sum, one update added", 4 * static_cast<double>(kVector) / quantize / 1e9,
                   "GB/s", 0, ""});
  rows->push_back({"Reduce + Bcast, 4 M parameters", bytes / (reduce + broadcast) / 1e9, "GB/s",
                   bytes / copy / 1e9, "memcpy of the same bytes"});
}

// A federation of hospitals with one blank image each, dealt to the ranks in turn: what
// GradientCapture asks for.
FederatedData blank_hospitals(const Communicator& comm, const ImageShape& shape, int64_t n) {
  FederatedData data;
  for (int64_t id = 0; id < n; ++id) {
    data.partition.shards.push_back({id});
    data.shard_sizes.push_back(1);
    data.placement.push_back(static_cast<int>(id % comm.size()));
    if (data.placement.back() != comm.rank()) continue;
    Hospital hospital;
    hospital.id = id;
    hospital.images = at::zeros({1, shape.channels, shape.height, shape.width}, at::kByte);
    hospital.positions = {id};
    data.hospitals.push_back(std::move(hospital));
  }
  return data;
}

// The same bytes as a capture writes, as HDF5 and MPI-IO write them at their best: one block a
// rank.
void bare_write(const Communicator& comm, const std::string& folder, int64_t rows, int64_t columns,
                const std::vector<float>& values) {
  const std::string partial = folder + "/benchmark-bare.partial";
  h5::ParallelFile file(comm, partial);
  file.create<float>("/values", {rows * comm.size(), columns},
                     {"benchmark", "1", {"row", "value"}});
  std::vector<int64_t> mine;
  std::vector<const float*> data;
  for (int64_t i = 0; i < rows; ++i) {
    mine.push_back(i * comm.size() + comm.rank());
    data.push_back(values.data() + i * columns);
  }
  file.write_rows("/values", mine, data);
  file.close();
  comm.agree([&] {
    if (comm.is_root()) publish_file(partial, folder + "/benchmark-bare.h5");
  });
}

// One round, recorded and published as in a run, beside the bare write; both by turns, since a disk
// is not the same from one second to the next.
void benchmark_capture(const Communicator& comm, const Settings& settings, const Model& model,
                       std::vector<Row>* rows) {
  const int64_t columns = model.layout().size();
  const int64_t each = std::clamp<int64_t>(kCaptureBytes / (4 * columns), 1, 4096);
  FederationSettings federation = settings.federation;
  const FederatedData data = blank_hospitals(comm, model.input(), each * comm.size());
  const std::unique_ptr<Aggregator> aggregator =
      aggregators().find("fedsgd").create(OptionValues(), model, federation, 1);
  const AttackTargets targets{Selection("none", 1, ""), Selection("none", 1, ""), 0, 1};
  const DefenseChain defenses;
  const Federation f{comm, model, data, *aggregator, defenses, federation, targets, 1};
  RoundPlan plan;
  for (int64_t id = 0; id < data.hospital_count(); ++id) plan.hospitals.push_back(id);
  plan.probes.assign(plan.hospitals.size(), 0);
  plan.attacked.assign(plan.hospitals.size(), false);
  std::vector<Message> messages(static_cast<size_t>(each));
  for (size_t i = 0; i < messages.size(); ++i) {
    messages[i].client = data.hospitals[i].id;
    messages[i].payload = FlatParameters(model.layout());
    messages[i].payload.fill(1);
    messages[i].images = {0};
  }
  const std::vector<float> block(static_cast<size_t>(each * columns), 1);
  const std::string folder = settings.output + "/benchmark-capture";
  PhaseTimers timers;
  const auto captured = [&] {
    GradientCapture capture(f, folder, CapturePolicy(), &timers);
    capture.on_messages(plan, messages[0].payload, messages);
    capture.on_round_end(plan, RoundRecord(), messages[0].payload);
    capture.cut();
  };
  const auto bare = [&] { bare_write(comm, folder, each, columns, block); };
  const auto [capture_time, bare_time] = seconds_by_turns(comm, captured, bare);
  comm.barrier();
  if (comm.is_root()) std::filesystem::remove_all(folder);
  const double bytes = 4.0 * static_cast<double>(each * columns * comm.size());
  rows->push_back({"capture of gradients, all ranks", bytes / capture_time / 1e9, "GB/s",
                   bytes / bare_time / 1e9, "bare MPI-IO HDF5 write of the same rows"});
}

void show(const std::vector<Row>& rows) {
  fmt::print("{:<42} {:>12} {:<15} {:>10}  {}\n", "what", "value", "unit", "floor", "floor is");
  for (const Row& row : rows)
    fmt::print("{:<42} {:>12.3f} {:<15} {:>10}  {}\n", row.what, row.value, row.unit,
               row.floor > 0 ? fmt::format("{:.3f}", row.floor) : "", row.floor_is);
}

void write(const std::string& path, const std::vector<Row>& rows, int ranks) {
  std::vector<std::string> what, unit, floor_is;
  std::vector<double> value, floor;
  for (const Row& row : rows) {
    what.push_back(row.what);
    value.push_back(row.value);
    unit.push_back(row.unit);
    floor.push_back(row.floor);
    floor_is.push_back(row.floor_is);
  }
  const h5::Shape shape = {static_cast<int64_t>(rows.size())};
  h5::File file = h5::File::create(path);
  file.write("/what", what, shape, {"what was measured", "1", {"row"}});
  file.write("/value", value, shape, {"median, in the unit of the row", "1", {"row"}});
  file.write("/unit", unit, shape, {"unit of value and floor", "1", {"row"}});
  file.write("/floor", floor, shape, {"what the machine sets; 0: none measured", "1", {"row"}});
  file.write("/floor_is", floor_is, shape, {"what the floor is", "1", {"row"}});
  file.write_attribute("/", "filetype", std::string("medpfl-benchmark"));
  file.write_attribute("/", "ranks", static_cast<int64_t>(ranks));
  file.write_attribute("/", "host", host_name());
  file.close();
}

int run(const Communicator& comm, const JobArguments& arguments) {
  const Config config = read_config(comm, arguments);
  if (arguments.print_config) {
    if (comm.is_root()) fmt::print("{}", config.to_ini(true));
    return 0;
  }
  Settings settings;
  std::unique_ptr<Model> model;
  comm.agree([&] {
    settings = make_settings(config);
    model = std::make_unique<Model>(
        make_model(config, settings, std::max<int64_t>(2, settings.classes)));
    if (comm.is_root()) make_folder(settings.output);
  });
  const RankPlace place = find_place(comm, settings.threads, settings.device);
  prepare_process(place.threads);
  model->compute_on(place.compute_device());
  std::vector<Row> rows;
  benchmark_attack(comm, *model, &rows);
  benchmark_training(comm, config, settings, *model, &rows);
  benchmark_communication(comm, &rows);
  benchmark_capture(comm, settings, *model, &rows);
  if (!comm.is_root()) return 0;
  fmt::print("{} ranks, {} at {} px, {} channels\n", comm.size(), model->name(),
             model->input().height, model->input().channels);
  show(rows);
  const std::string path = settings.output + "/benchmark.h5";
  write(path, rows, comm.size());
  fmt::print("results: {}\n", path);
  return 0;
}

}  // namespace

const Job kBenchmarkJob = {"benchmark", "times each hot path beside the machine's floor", help, run,
                           nullptr};

}  // namespace medpfl
