// FedSGD: each hospital sends the gradient of one batch; the server takes one step on their mean.
#include "federation/algorithm.hpp"
#include "federation/local_batches.hpp"
#include "federation/local_steps.hpp"
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
  explicit FedSgd(const TrainingRules& how) : how_(how) {}

  void train(const Client& client, const FlatParameters& global, FlatParameters*,
             Message* update) const override {
    LocalSteps step(how_, client, global, *update);
    send(&step, step.batches(0).front(), update);
    update->examples = examples(client.size());
  }

  void probe(const Client& client, const FlatParameters& global, const std::vector<int64_t>& images,
             Message* message) const override {
    LocalSteps step(how_, client, global, *message);
    send(&step, images, message);
  }

  double change_per_update() const override { return -how_.settings.learning_rate; }

  int64_t examples(int64_t shard) const override {
    return batch_of(how_.settings.batch_size, shard);
  }

 private:
  static void send(LocalSteps* step, const std::vector<int64_t>& images, Message* message) {
    message->images = images;
    message->loss = step->gradient(images, &message->payload);
    message->examples = static_cast<int64_t>(images.size());
    message->steps = 1;
  }

  const TrainingRules how_;
};

}  // namespace

RegistryEntry<AlgorithmFactory> fedsgd() {
  return {"fedsgd",
          "one batch gradient a hospital; the server steps along their weighted mean",
          "McMahan et al., AISTATS 2017, arXiv 1602.05629",
          {},
          {true, [](const OptionValues&, const TrainingRules& how) {
             return std::make_unique<FedSgd>(how);
           }}};
}

}  // namespace medpfl
