#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "core/flat_parameters.hpp"
#include "core/random.hpp"
#include "federation/client.hpp"
#include "federation/local_batches.hpp"
#include "federation/message.hpp"
#include "federation/settings.hpp"
#include "models/differentiator.hpp"
#include "models/example_gradients.hpp"
#include "models/model.hpp"
#include "privacy/run_seeds.hpp"

namespace medpfl {

/// The local steps behind one message of a hospital: which images they take, and what they descend
/// along. Plain, or under dp-sgd with clipped examples and noise.
class LocalSteps {
 public:
  /// Those of `message`, whose round, client and probe are set; all but it outlive this object.
  LocalSteps(const Model& model, const FederationSettings& settings, const RunSeeds& seeds,
             const Client& client, const FlatParameters& weights, const Message& message);

  /// Positions in the shard for each step of an epoch: as shuffled_batches of seeds.hospitals, or
  /// under Poisson sampling as many independent draws, some of which may be empty. Those are part
  /// of what dp-sgd guarantees, and drawn of seeds.noise.
  std::vector<std::vector<int64_t>> batches(int64_t epoch) const;
  /// Of the next step, at the weights as they are now. Returns the mean loss of the images in nats,
  /// 0 where there are none. The noise of dp-sgd is that of Purpose::kLocalNoise, that of a
  /// bottleneck that of kBottleneck, and what a BatchTransform draws that of kBatchTransform, at
  /// step = (1 + probe) 2^32 + number of the step, all of seeds.noise.
  double gradient(const std::vector<int64_t>& images, FlatParameters* out);

 private:
  // As the step takes it.
  Batch batch(const std::vector<int64_t>& images) const;
  // Of the step.
  StreamKey key(Purpose purpose) const;
  // (The sum of clipped gradients + noise) / batch.
  double noised(const std::vector<int64_t>& images, FlatParameters* out);

  const Model& model_;
  const FederationSettings& settings_;
  RunSeeds seeds_;
  const Client& client_;
  int64_t round_, message_, step_ = 0;
  std::optional<Differentiator> plain_;
  std::optional<ExampleGradients> examples_;
};

}  // namespace medpfl
