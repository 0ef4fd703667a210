#pragma once
#include <functional>
#include <memory>

#include "core/registry.hpp"
#include "federation/client.hpp"
#include "federation/message.hpp"
#include "federation/settings.hpp"
#include "models/model.hpp"
#include "privacy/run_seeds.hpp"

namespace medpfl {

/// A federated learning algorithm: what a hospital computes and sends.
class Algorithm {
 public:
  virtual ~Algorithm() = default;
  /// Trains at the global weights and fills payload, examples, steps, loss and images of the
  /// update. `work` is scratch of the model's layout.
  virtual void train(const Client& client, const FlatParameters& global, FlatParameters* work,
                     Message* update) const = 0;
  /// One batch of `images` (positions in the shard), sent in the same form as an update would be.
  virtual void probe(const Client& client, const FlatParameters& global,
                     const std::vector<int64_t>& images, Message* message) const = 0;
  /// The hospitals propose to change the model by this times the mean of their updates, weighted by
  /// their examples.
  virtual double direction() const = 0;
  /// Whole passes over the shard in a round; 0: one batch is all.
  virtual int64_t epochs() const { return 0; }
  /// Images a hospital with `shard` images uses in a round.
  virtual int64_t examples(int64_t shard) const = 0;
};

/// An algorithm as its table has it: what is known before it is made, and how it is made.
struct AlgorithmFactory {
  bool sends_gradients;  ///< messages are gradients of one step; false: changes of weights
  /// Model and settings outlive the algorithm.
  std::function<std::unique_ptr<Algorithm>(const OptionValues& own, const Model& model,
                                           const FederationSettings& settings,
                                           const RunSeeds& seeds)>
      make;
};

/// fedsgd, fedavg.
const Registry<AlgorithmFactory>& algorithms();

/// The gradient of one batch of `images` (positions in the shard) at the weights of `at`.
double batch_gradient(const Model& model, const Client& client, const FlatParameters& at,
                      const std::vector<int64_t>& images, FlatParameters* gradient);

}  // namespace medpfl
