// FedAvg: each hospital trains for some epochs with SGD; the server averages the changes of
// weights.
#include <algorithm>

#include "federation/algorithm.hpp"
#include "federation/local_steps.hpp"

namespace medpfl {
namespace {

class FedAvg final : public Algorithm {
 public:
  explicit FedAvg(const TrainingRules& how) : how_(how) {}

  void train(const Client& client, const FlatParameters& global, FlatParameters* work,
             Message* update) const override {
    *work = global;
    LocalSteps steps(how_, client, *work, *update);
    FlatParameters& gradient = update->payload;  // serves as scratch until the end
    double loss = 0;
    int64_t with_images = 0;
    update->steps = 0;
    update->images.clear();
    for (int64_t epoch = 0; epoch < how_.settings.local_epochs; ++epoch) {
      for (const std::vector<int64_t>& positions : steps.batches(epoch)) {
        loss += steps.gradient(positions, &gradient);
        if (!positions.empty()) ++with_images;
        work->step(gradient, how_.settings.learning_rate);
        ++update->steps;
        if (epoch == 0)
          update->images.insert(update->images.end(), positions.begin(), positions.end());
      }
    }
    update->payload = *work;
    update->payload.add(global, -1);
    update->examples = client.size();
    update->loss = loss / static_cast<double>(std::max<int64_t>(1, with_images));
  }

  void probe(const Client& client, const FlatParameters& global, const std::vector<int64_t>& images,
             Message* message) const override {
    message->images = images;
    FlatParameters gradient(how_.model.layout());
    LocalSteps steps(how_, client, global, *message);
    message->loss = steps.gradient(images, &gradient);
    message->payload.fill(0);
    message->payload.step(gradient, how_.settings.learning_rate);
    message->examples = static_cast<int64_t>(images.size());
    message->steps = 1;
  }

  double change_per_update() const override { return 1; }

  int64_t epochs() const override { return how_.settings.local_epochs; }

  int64_t examples(int64_t shard) const override { return shard; }

 private:
  const TrainingRules how_;
};

}  // namespace

RegistryEntry<AlgorithmFactory> fedavg() {
  return {"fedavg",
          "local SGD epochs; the server adds the mean change of weights, by shard size",
          "McMahan et al., AISTATS 2017, arXiv 1602.05629",
          {},
          {false, [](const OptionValues&, const TrainingRules& how) {
             return std::make_unique<FedAvg>(how);
           }}};
}

}  // namespace medpfl
