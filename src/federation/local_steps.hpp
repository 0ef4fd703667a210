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

/// The local steps behind one message of a hospital: which images they take, and along which
/// direction they descend. Without defenses of batches and steps these are shuffled batches and the
/// gradient of the mean loss.
class LocalSteps {
 public:
  /// Prepares the steps behind `message`, whose round, client and probe are set. The other
  /// arguments must outlive this object.
  LocalSteps(const TrainingRules& how, const Client& client, const FlatParameters& weights,
             const Message& message);

  /// Returns the images (positions in the shard) of each step of an epoch: shuffled_batches with
  /// seeds.clients, or, where a defense asks for Poisson sampling, poisson_batches with
  /// seeds.noise, because these draws are part of what the defense guarantees.
  std::vector<std::vector<int64_t>> batches(int64_t epoch) const;
  /// Fills `out` with the next step's direction at the current weights. Returns the mean loss of
  /// the images in nats, 0 where there are none. All random numbers of a step come from seeds.noise
  /// at step = (1 + probe) 2^32 + number of the step: those of the batch hook under
  /// Purpose::kBatchTransform, of a bottleneck under kBottleneck, of the step hook under
  /// kLocalNoise.
  double gradient(const std::vector<int64_t>& images, FlatParameters* out);

 private:
  // Returns the batch of a step after the batch hook.
  Batch batch(const std::vector<int64_t>& images) const;
  // Returns the key of the current step's random stream for a purpose.
  StreamKey key(Purpose purpose) const;

  const TrainingRules how_;
  const Client& client_;
  int64_t round_, message_, step_ = 0;
  std::unique_ptr<StepGradient> gradient_;
};

}  // namespace medpfl
