#pragma once
#include <functional>
#include <memory>

#include "core/registry.hpp"
#include "federation/client.hpp"
#include "federation/message.hpp"
#include "federation/training_rules.hpp"

namespace medpfl {

/// A federated learning algorithm: what a hospital computes and sends.
class Algorithm {
 public:
  virtual ~Algorithm() = default;
  /// Trains the hospital's model from the global weights and fills payload, examples, steps, loss
  /// and images of the update. `work` is scratch memory of the model's layout.
  virtual void train(const Client& client, const FlatParameters& global, FlatParameters* work,
                     Message* update) const = 0;
  /// Fills a probe, which only the attacker looks at, with what an update of one step on `images`
  /// (positions in the shard) would be.
  virtual void probe(const Client& client, const FlatParameters& global,
                     const std::vector<int64_t>& images, Message* message) const = 0;
  /// Returns the factor from the combined update to the change of the model that the hospitals
  /// propose: 1 where they send changes of weights, minus the learning rate where they send
  /// gradients.
  virtual double change_per_update() const = 0;
  /// Returns how many passes over its shard a hospital makes in a round; 0: it uses one batch only.
  virtual int64_t epochs() const { return 0; }
  /// Returns how many images a hospital with `shard` images uses in a round.
  virtual int64_t examples(int64_t shard) const = 0;
};

/// An entry of the table of algorithms: what is known of one before it is made, and how it is made.
struct AlgorithmFactory {
  bool sends_gradients;  ///< whether messages are gradients of one step; else changes of weights
  /// Makes the algorithm from the options of its own section. What `how` refers to must outlive it.
  std::function<std::unique_ptr<Algorithm>(const OptionValues& own, const TrainingRules& how)> make;
};

/// Returns the table of all algorithms.
const Registry<AlgorithmFactory>& algorithms();

/// Fills `gradient` with the gradient of one batch of `images` (positions in the shard) at the
/// weights `at`, without any defense. Returns the mean loss in nats.
double batch_gradient(const Model& model, const Client& client, const FlatParameters& at,
                      const std::vector<int64_t>& images, FlatParameters* gradient);

}  // namespace medpfl
