// FedSGD: each hospital sends the gradient of one batch; the server takes one step on their mean.
#include "federation/algorithm.hpp"
#include "federation/local_batches.hpp"
#include "federation/local_steps.hpp"
#include "federation/rows.hpp"
#include "models/differentiator.hpp"

namespace medpfl {

double batch_gradient(const Model& model, const Client& client, const FlatParameters& at,
                      const std::vector<int64_t>& images, FlatParameters* gradient) {
  const Batch batch = take_batch(client, images);
  return Differentiator(model, at).gradient(batch.images, batch.labels, gradient);
}

namespace {

class FedSgd final : public Algorithm {
 public:
  FedSgd(const Model& model, const FederationSettings& settings, const RunSeeds& seeds)
      : model_(model), settings_(settings), seeds_(seeds) {}

  void train(const Client& client, const FlatParameters& global, FlatParameters*,
             Message* update) const override {
    LocalSteps step(model_, settings_, seeds_, client, global, *update);
    send(&step, step.batches(0).front(), update);
    update->examples = examples(client.size());
  }

  void probe(const Client& client, const FlatParameters& global, const std::vector<int64_t>& images,
             Message* message) const override {
    LocalSteps step(model_, settings_, seeds_, client, global, *message);
    send(&step, images, message);
  }

  double direction() const override { return -settings_.learning_rate; }

  int64_t examples(int64_t shard) const override { return batch_of(settings_.batch_size, shard); }

 private:
  static void send(LocalSteps* step, const std::vector<int64_t>& images, Message* message) {
    message->images = images;
    message->loss = step->gradient(images, &message->payload);
    message->examples = static_cast<int64_t>(images.size());
    message->steps = 1;
  }

  const Model& model_;
  const FederationSettings& settings_;
  RunSeeds seeds_;
};

}  // namespace

RegistryEntry<AlgorithmFactory> fedsgd() {
  return {"fedsgd",
          "one batch gradient a hospital; the server steps along their weighted mean",
          "McMahan et al., AISTATS 2017, arXiv 1602.05629",
          {},
          {true,
           [](const OptionValues&, const Model& model, const FederationSettings& settings,
              const RunSeeds& seeds) { return std::make_unique<FedSgd>(model, settings, seeds); }}};
}

}  // namespace medpfl
