#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/flat_parameters.hpp"
#include "core/random.hpp"
#include "federation/client.hpp"
#include "federation/local_batches.hpp"
#include "federation/message.hpp"
#include "federation/training_rules.hpp"

namespace medpfl {

/// The local steps behind one message of a hospital: which images they take, and what they descend
/// along. Both are plain where no defense acts on batches or steps.
class LocalSteps {
 public:
  /// Those of `message`, whose round, client and probe are set; all but it outlive this object.
  LocalSteps(const TrainingRules& how, const Client& client, const FlatParameters& weights,
             const Message& message);

  /// Returns positions in the shard for each step of an epoch: as shuffled_batches of
  /// seeds.clients, or where a defense asks for Poisson sampling as many independent draws, some of
  /// which may be empty. Those are part of what it guarantees, and drawn of seeds.noise.
  std::vector<std::vector<int64_t>> batches(int64_t epoch) const;
  /// Fills `out` with the next step's direction, at the weights as they are now. Returns the mean
  /// loss of the images in nats, 0 where there are none. Whatever a step draws is of seeds.noise at
  /// step = (1 + probe) 2^32 + number of the step: the batch hook by Purpose::kBatchTransform, a
  /// bottleneck by kBottleneck, the step hook by kLocalNoise.
  double gradient(const std::vector<int64_t>& images, FlatParameters* out);

 private:
  // As the batch hook leaves it.
  Batch batch(const std::vector<int64_t>& images) const;
  // Of the step.
  StreamKey key(Purpose purpose) const;

  const TrainingRules how_;
  const Client& client_;
  int64_t round_, message_, step_ = 0;
  std::unique_ptr<StepGradient> gradient_;
};

}  // namespace medpfl
