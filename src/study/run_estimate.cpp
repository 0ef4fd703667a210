#include "study/run_estimate.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <numeric>

#include "attacks/distances/gradient_distance.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "campaign/attack_cases.hpp"
#include "core/process.hpp"
#include "federation/local_batches.hpp"
#include "federation/placement.hpp"
#include "federation/round_loop.hpp"
#include "federation/round_plan.hpp"
#include "federation/secure_aggregation.hpp"
#include "models/differentiator.hpp"
#include "results/resume/weight_log.hpp"

namespace medpfl {
namespace {

constexpr auto kFloat = static_cast<int64_t>(sizeof(float));

// Bytes of configuration, tables and HDF5 itself in the files of a small run, as measured.
constexpr int64_t kRunFileBytes = 224 << 10, kCheckpointBytes = 20 << 10, kTaskBytes = 2 << 10;

int64_t vector_bytes(const Model& model) { return model.layout().size() * kFloat; }

at::Tensor zero_images(const Model& model, int64_t n) {
  const ImageShape& shape = model.input();
  return at::zeros({n, shape.channels, shape.height, shape.width}, at::kFloat);
}

// Returns the peak after the largest computations of a run on zeros: what LibTorch takes for its
// code, threads and activations can only be measured.
int64_t measured_peak(const Model& model, const StepHook* hook, int64_t batch, int64_t evaluated,
                      int64_t attacked_batch) {
  FlatParameters weights(model.layout()), gradient(model.layout());
  const Differentiator differentiator(model, weights);
  const Batch zeros = {zero_images(model, batch), at::zeros({batch}, at::kLong)};
  if (batch > 0 && hook != nullptr)
    hook->start(model, weights)->compute({zeros, batch, batch, 0, 1, {}}, &gradient);
  else if (batch > 0)
    differentiator.gradient(zeros.images, zeros.labels, &gradient);
  if (evaluated > 0) differentiator.logits(zero_images(model, evaluated));
  if (attacked_batch > 0) {
    Observation observation;
    observation.weights = weights;
    observation.gradient = gradient;
    const auto objective = make_gradient_distance({"l2"}, gradient);
    const auto engine = make_exact_engine(model, observation, *objective);
    Candidate candidate;
    candidate.images = zero_images(model, attacked_batch);
    candidate.labels = at::zeros({attacked_batch}, at::kLong);
    CandidateGradient out;
    engine->evaluate(candidate, &out);
  }
  return peak_memory_bytes();
}

// Returns the most pairs of vectors that the optimizer of an attack keeps.
int64_t optimizer_history(const Config& config, const AttackPlan& plan) {
  int64_t most = 0;
  for (const AttackPlan::Method& method : plan.methods) {
    const std::string section = "attack." + method.name;
    const auto found = config.entries().find(section + ".history");
    if (found != config.entries().end() &&
        config.entries().at(section + ".optimizer").value == "lbfgs")
      most = std::max<int64_t>(most, std::stoll(found->second.value));
  }
  return most;
}

// Returns the most local steps that an attack simulates, each with weights of its own.
int64_t unrolled_steps(const Settings& settings, const FederatedData& data) {
  const int64_t shard = *std::max_element(data.shard_sizes.begin(), data.shard_sizes.end());
  const int64_t taken =
      settings.federation.local_epochs * batches_of(settings.federation.batch_size, shard);
  int64_t most = 0;
  for (const AttackPlan::Method& method : settings.attack.methods)
    if (const AttackFacts facts = method.attack->facts(); facts.update == UpdateRule::kUnroll)
      most = std::max(most, std::max(taken, facts.guess.steps));
  return most;
}

// Returns the bytes of one private image as it is kept.
int64_t image_bytes(const FederatedData& data, const Model& model) {
  return model.input().size() * data.pixels.bytes();
}

int64_t reconstruction_bytes(const Settings& settings, const Model& model, int64_t images) {
  const auto kept = 2 + static_cast<int64_t>(settings.snapshots.size());
  return images * model.input().size() * kFloat * kept;
}

// Returns how many images of a hospital rank 0 keeps at most, to look for truths among them.
int64_t kept_shard(const FederatedData& data) {
  return std::min(AttackCases::kMaxCandidates,
                  *std::max_element(data.shard_sizes.begin(), data.shard_sizes.end()));
}

// Returns the bytes of attacks under way: their images, and what their optimizers remember.
int64_t task_state_bytes(const Config& config, const Settings& settings, const Model& model,
                         const RunCounts& counts) {
  const int64_t workers =
      settings.attack.all_ranks ? static_cast<int64_t>(counts.messages.size()) : 1;
  const int64_t at_once =
      std::min(counts.tasks, workers * (settings.attack.halving ? settings.attack.restarts : 1));
  const int64_t vectors = 8 + static_cast<int64_t>(settings.snapshots.size()) +
                          2 * optimizer_history(config, settings.attack);
  return at_once * vectors * counts.attacked_batch * model.input().size() * kFloat;
}

// Returns the bytes of a checkpoint at its largest. As attacks end, messages that wait become fewer
// and results more; the sum of both is an upper bound.
int64_t checkpoint_bytes(const Config& config, const Settings& settings, const FederatedData& data,
                         const Model& model, const RunCounts& counts) {
  const std::string& optimizer = settings.federation.server_optimizer;
  const int64_t moments = optimizer == "sgd" ? 0 : optimizer == "momentum" ? 1 : 2;
  const int64_t image = image_bytes(data, model);
  return kCheckpointBytes +
         (1 + moments + counts.attacked_at_once + counts.attacked_rounds) * vector_bytes(model) +
         (counts.attacked_images + counts.attacked_clients * kept_shard(data)) * image +
         reconstruction_bytes(settings, model, counts.reconstructed) + counts.tasks * kTaskBytes +
         task_state_bytes(config, settings, model, counts);
}

}  // namespace

RunCounts count_run(const Settings& settings, const FederatedData& data, const Model& model,
                    const Algorithm& algorithm, int ranks) {
  RunCounts counts;
  counts.messages.resize(static_cast<size_t>(ranks));
  counts.attacked_messages.resize(static_cast<size_t>(ranks));
  counts.participants.resize(static_cast<size_t>(ranks));
  const int64_t clients = data.client_count();
  std::vector<bool> attacked(static_cast<size_t>(clients)), took_part(attacked);
  const auto methods = static_cast<int64_t>(settings.attack.methods.size());
  for (int64_t r = 0; r < settings.federation.rounds; ++r) {
    const RoundPlan plan =
        plan_round(r, data.shard_sizes, settings.federation.sampling, settings.federation.dropout,
                   settings.seeds, *settings.targets);
    int64_t most_probes = 0, images_in_sum = 0, attacked_before = counts.attacked;
    std::vector<int64_t> present(static_cast<size_t>(ranks)), targets(present);
    for (size_t i = 0; i < plan.clients.size(); ++i) {
      const auto h = static_cast<size_t>(plan.clients[i]);
      const auto rank = static_cast<size_t>(data.placement[h]);
      const int64_t probes = plan.probes[i];
      most_probes = std::max(most_probes, probes);
      ++present[rank];
      if (!took_part[h]) ++counts.participants[rank];
      took_part[h] = true;
      if (!plan.attacked[i] || methods == 0) continue;
      const int64_t messages = std::max<int64_t>(1, probes);
      const int64_t batch =
          probes > 0 ? settings.targets->probe_batch : algorithm.examples(data.shard_sizes[h]);
      attacked[h] = true;
      targets[rank] += messages;
      counts.attacked_images += messages * batch;
      if (settings.attack.sums) {
        images_in_sum += batch;
        continue;
      }
      counts.attacked += messages;
      counts.tasks += messages * methods * settings.attack.restarts;
      counts.reconstructed += messages * methods * settings.attack.restarts * batch;
      counts.attacked_batch = std::max(counts.attacked_batch, batch);
    }
    if (images_in_sum > 0) {
      ++counts.attacked;
      counts.tasks += methods * settings.attack.restarts;
      counts.reconstructed += methods * settings.attack.restarts * images_in_sum;
      counts.attacked_batch = std::max(counts.attacked_batch, images_in_sum);
    }
    const int64_t chunk =
        std::max<int64_t>(1, kMessageBytes / (vector_bytes(model) * (1 + most_probes)));
    for (size_t rank = 0; rank < present.size(); ++rank) {
      const int64_t held = std::min(present[rank], chunk) * (1 + most_probes);
      counts.messages[rank] = std::max(counts.messages[rank], held);
      counts.attacked_messages[rank] =
          std::max(counts.attacked_messages[rank], std::min(targets[rank], held));
    }
    const int64_t in_round = counts.attacked - attacked_before;
    if (in_round > 0) ++counts.attacked_rounds;
    counts.attacked_at_once =
        settings.attack.each_round ? std::max(counts.attacked_at_once, in_round) : counts.attacked;
  }
  counts.attacked_clients = std::count(attacked.begin(), attacked.end(), true);
  return counts;
}

MemoryParts estimate_memory(const Config& config, const Settings& settings,
                            const FederatedData& data, const Model& model, const RunCounts& counts,
                            int rank, int ranks) {
  const int64_t vector = vector_bytes(model);
  const int64_t pixels = model.input().size();
  const int64_t image = image_bytes(data, model);
  const bool root = rank == 0;
  int64_t images = 0, largest_shard = 0;
  for (size_t h = 0; h < data.shard_sizes.size(); ++h) {
    if (data.placement[h] != rank) continue;
    images += data.shard_sizes[h];
    largest_shard = std::max(largest_shard, data.shard_sizes[h]);
  }
  const auto tests = static_cast<int64_t>(data.test_labels.size());
  const int64_t blocks = (tests + kEvaluationBlock - 1) / kEvaluationBlock;
  const int64_t block = std::min(tests, kEvaluationBlock);
  const int64_t own_blocks = (blocks - rank + ranks - 1) / ranks;
  const int64_t batch = batch_of(settings.federation.batch_size, largest_shard);
  const bool attacks = counts.tasks > 0 && (root || settings.attack.all_ranks);

  MemoryParts parts;
  const int64_t peak =
      measured_peak(model, settings.defenses.step(), batch, own_blocks > 0 ? block : 0,
                    attacks ? counts.attacked_batch : 0);
  parts.emplace_back("program and activations", peak);
  // In float32 the global weights, the weights in training and the mean; in int64 the sum, and
  // MPI's copy of it.
  parts.emplace_back("model copies and sums", 3 * vector + 4 * vector);
  parts.emplace_back("own images", images * (image + 2 * static_cast<int64_t>(sizeof(int64_t))));
  parts.emplace_back("evaluation blocks", own_blocks * block * image);

  // Capture copies the rows it writes, and MPI-IO copies them again where ranks exchange them.
  const int64_t copies = settings.capture.gradients == "none" ? 1 : ranks > 1 ? 3 : 2;
  const int64_t messages = counts.messages[static_cast<size_t>(rank)] * vector * copies;
  parts.emplace_back("messages and capture", messages);

  const int64_t state = settings.defenses.state_size(model.layout().size()) * kFloat;
  if (state > 0) {
    constexpr int64_t kMiB = int64_t{1} << 20;
    const int64_t states = counts.participants[static_cast<size_t>(rank)] * state;
    parts.emplace_back("client states",
                       2 * state + std::min(states, settings.federation.state_memory * kMiB));
  }

  // Shares that each hospital of a round sends to every other: all ranks hold all of them while
  // they are passed on, then each rank opens those for its hospitals.
  if (settings.federation.secure_aggregation) {
    const int64_t n = participants_of(settings.federation.clients, settings.federation.sampling);
    parts.emplace_back("keys and shares", 3 * SecureAggregation::shares_bytes(n));
  }

  // An attacked message travels to rank 0 with images of its hospital, packed.
  const int64_t shard = kept_shard(data);
  const int64_t packed = vector + shard * image;
  int64_t buffers = counts.attacked_messages[static_cast<size_t>(rank)] * packed;
  if (attacks) {
    const int64_t variables = counts.attacked_batch * pixels * kFloat;
    buffers += (6 + unrolled_steps(settings, data)) * vector +
               2 * optimizer_history(config, settings.attack) * variables;
  }
  if (root) {
    buffers += packed * std::accumulate(counts.attacked_messages.begin(),
                                        counts.attacked_messages.end(), int64_t{0});
    buffers += counts.attacked_at_once * vector + counts.attacked_rounds * vector +
               counts.attacked_clients * shard * image;
    // Results, and the columns from which they are written, which grow by doubling.
    buffers += 3 * reconstruction_bytes(settings, model, counts.reconstructed);
  }
  parts.emplace_back("attack buffers", buffers);
  if (settings.weights && root)
    parts.emplace_back("weights to record", std::min((settings.federation.rounds + 1) * vector,
                                                     WeightLog::kFullBytes + vector));
  return parts;
}

FileSizes estimate_files(const Config& config, const Settings& settings, const FederatedData& data,
                         const Model& model, const RunCounts& counts) {
  FileSizes sizes;
  sizes.capture = estimate_capture(settings.capture, model, data.shard_sizes, data.pixels.bytes(),
                                   settings.federation, *settings.targets, settings.seeds);
  if (settings.weights) sizes.weights = (settings.federation.rounds + 1) * vector_bytes(model);
  const int64_t state = settings.defenses.state_size(model.layout().size()) * kFloat;
  const int64_t held = settings.federation.state_memory << 20;
  for (const int64_t clients : counts.participants) {
    sizes.client_states += 3 * clients * state;
    sizes.scratch += std::max<int64_t>(0, clients * state - held);
  }
  sizes.reconstructions = reconstruction_bytes(settings, model, counts.reconstructed);
  sizes.checkpoint = checkpoint_bytes(config, settings, data, model, counts);
  return sizes;
}

RoomNeeds room_needs(const FileSizes& sizes) {
  return {{"gradients", sizes.capture.file_bytes},
          {"weights", sizes.weights},
          {"client states", sizes.client_states + sizes.scratch},
          {"two run.h5 with reconstructions", 2 * (kRunFileBytes + sizes.reconstructions)},
          {"three checkpoints", 3 * sizes.checkpoint}};
}

}  // namespace medpfl
