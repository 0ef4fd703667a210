// Recording of gradients, beside the bare write of the same bytes.
#include "benchmark/capture.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <filesystem>

#include "h5/parallel_file.hpp"
#include "results/capture/gradient_capture.hpp"
#include "results/folder/durable_file.hpp"

namespace medpfl {
namespace {

constexpr int64_t kCaptureBytes = int64_t{64} << 20;  // recorded by each rank

// Returns `n` hospitals with one blank image each, dealt to the ranks in turn; GradientCapture
// needs them.
FederatedData blank_clients(const Communicator& comm, const ImageShape& shape, int64_t n) {
  FederatedData data;
  for (int64_t id = 0; id < n; ++id) {
    data.assignment.push_back(id);
    data.shard_sizes.push_back(1);
    data.placement.push_back(static_cast<int>(id % comm.size()));
    if (data.placement.back() != comm.rank()) continue;
    Client client;
    client.id = id;
    client.images = at::zeros({1, shape.channels, shape.height, shape.width}, at::kByte);
    client.positions = {id};
    data.clients.push_back(std::move(client));
  }
  return data;
}

// Writes the bytes that a capture writes as HDF5 and MPI-IO do it fastest: one block for each rank.
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

}  // namespace

// Records and publishes one round as a run does, and in turn writes the same bytes bare, since the
// speed of a disk changes from one second to the next.
void benchmark_capture(const Communicator& comm, const Settings& settings, const Model& model,
                       std::vector<BenchmarkRow>* rows) {
  const int64_t columns = model.layout().size();
  const int64_t each = std::clamp<int64_t>(kCaptureBytes / (4 * columns), 1, 4096);
  FederationSettings federation = settings.federation;
  const FederatedData data = blank_clients(comm, model.input(), each * comm.size());
  const AttackTargets targets{Selection("none", 1, ""), Selection("none", 1, ""), 0, 1};
  const DefenseChain defenses;
  const std::unique_ptr<Algorithm> algorithm =
      algorithms().find("fedsgd").create.make(OptionValues(), {model, federation, defenses, {}});
  const Federation f{comm, model, data, *algorithm, defenses, federation, targets, {}};
  RoundPlan plan;
  for (int64_t id = 0; id < data.client_count(); ++id) plan.clients.push_back(id);
  plan.arrives.assign(plan.clients.size(), true);
  plan.probes.assign(plan.clients.size(), 0);
  plan.attacked.assign(plan.clients.size(), false);
  std::vector<Message> messages(static_cast<size_t>(each));
  for (size_t i = 0; i < messages.size(); ++i) {
    messages[i].client = data.clients[i].id;
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

}  // namespace medpfl
