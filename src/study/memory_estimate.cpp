#include "study/memory_estimate.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <numeric>

#include "attacks/distances/gradient_distance.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "core/process.hpp"
#include "federation/local_batches.hpp"
#include "federation/placement.hpp"
#include "federation/public_images.hpp"
#include "federation/round_plan.hpp"
#include "federation/secure_aggregation.hpp"
#include "models/differentiator.hpp"
#include "results/resume/weight_log.hpp"
#include "study/sizes.hpp"

namespace medpfl {
namespace {

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
    const auto objective = make_gradient_distance({DistanceKind::kL2}, gradient);
    const auto engine = make_exact_engine(model, observation, *objective);
    Candidate candidate;
    candidate.images = zero_images(model, attacked_batch);
    candidate.labels = at::zeros({attacked_batch}, at::kLong);
    CandidateGradient out;
    engine->evaluate(candidate, &out);
  }
  return peak_memory_bytes();
}

// Returns the most local steps that an attack simulates, each with weights of its own.
int64_t unrolled_steps(const Settings& settings, const FederatedData& data) {
  const int64_t taken = most_local_steps(settings, data);
  int64_t most = 0;
  for (const AttackPlan::Method& method : settings.attack.methods)
    if (const AttackFacts facts = method.attack->facts(); facts.update == UpdateRule::kUnroll)
      // A probe is of one step.
      most = std::max({most, method.kinds.updates ? taken : 1, facts.guess.steps});
  return most;
}

}  // namespace

MemoryParts estimate_memory(const Settings& settings, const FederatedData& data, const Model& model,
                            const RunCounts& counts, int rank, int ranks) {
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
  parts.emplace_back("model copies and sums", kFloatsOfParameter * vector);
  parts.emplace_back("own images", images * (image + 2 * static_cast<int64_t>(sizeof(int64_t))));
  parts.emplace_back("evaluation blocks", own_blocks * block * image);

  // Capture copies the rows it writes, and MPI-IO copies them again where ranks exchange them.
  const int64_t copies = settings.capture.gradients == CapturedMessages::kNone ? 1
                         : ranks > 1                                           ? 3
                                                                               : 2;
  const int64_t messages = counts.messages[static_cast<size_t>(rank)] * vector * copies;
  parts.emplace_back("messages and capture", messages);

  const int64_t state = settings.defenses.state_size(model.layout().size()) * kFloatBytes;
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
    const int64_t variables = counts.attacked_batch * pixels * kFloatBytes;
    buffers +=
        (6 + unrolled_steps(settings, data)) * vector + attack_history(settings.attack) * variables;
  }
  if (root) {
    buffers += packed * std::accumulate(counts.attacked_messages.begin(),
                                        counts.attacked_messages.end(), int64_t{0});
    buffers += counts.attacked_at_once * vector + counts.attacked_rounds * vector +
               counts.attacked_clients * shard * image +
               kept_public_images(kMostPublicImages, image) * image;
    // Results, and the columns from which they are written, which grow by doubling.
    buffers += 3 * reconstruction_bytes(settings, model, counts);
  }
  parts.emplace_back("attack buffers", buffers);
  if (settings.weights && root)
    parts.emplace_back("weights to record", std::min((settings.federation.rounds + 1) * vector,
                                                     WeightLog::kFullBytes + vector));
  return parts;
}

}  // namespace medpfl
