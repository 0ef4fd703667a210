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
  /// Trains at the global weights and fills payload, examples, steps, loss and images of the
  /// update. `work` is scratch of the model's layout.
  virtual void train(const Client& client, const FlatParameters& global, FlatParameters* work,
                     Message* update) const = 0;
  /// Fills a probe, which only the attacker looks at: what an update of one step on `images`
  /// (positions in the shard) would be.
  virtual void probe(const Client& client, const FlatParameters& global,
                     const std::vector<int64_t>& images, Message* message) const = 0;
  /// Returns by how much the hospitals propose to change the model, in units of what the server
  /// made of their updates: 1 where they send changes, minus the rate where they send gradients.
  virtual double change_per_update() const = 0;
  /// Returns how many whole passes over its shard a hospital makes in a round; 0: one batch is all.
  virtual int64_t epochs() const { return 0; }
  /// Returns how many images a hospital with `shard` images uses in a round.
  virtual int64_t examples(int64_t shard) const = 0;
};

/// An algorithm as its table has it: what is known before it is made, and how it is made.
struct AlgorithmFactory {
  bool sends_gradients;  ///< messages are gradients of one step; false: changes of weights
  /// What `how` refers to must outlive the algorithm.
  std::function<std::unique_ptr<Algorithm>(const OptionValues& own, const TrainingRules& how)> make;
};

/// Returns the table of all algorithms.
const Registry<AlgorithmFactory>& algorithms();

/// Fills `gradient` with that of one batch of `images` (positions in the shard) at the weights of
/// `at`, whatever the defenses. Returns the mean loss, nats.
double batch_gradient(const Model& model, const Client& client, const FlatParameters& at,
                      const std::vector<int64_t>& images, FlatParameters* gradient);

}  // namespace medpfl
