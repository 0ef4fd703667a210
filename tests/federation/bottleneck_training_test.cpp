// Local steps through a variational bottleneck.
#include <gtest/gtest.h>

#include "federation/local_batches.hpp"
#include "federation/local_steps.hpp"
#include "models/differentiator.hpp"
#include "training_hospital.hpp"

namespace medpfl {
namespace {

class BottleneckTraining : public ClientTest {
 protected:
  BottleneckTraining() {
    const auto& entry = models().find("mlp");
    defend("precode", {{"width", "16"}, {"weight", "0.01"}});
    ModelRequest request;
    request.input = {1, 8, 8};
    request.before_head = chain_.network();
    model_ = entry.create(OptionValues::defaults(entry.options), request);
    global_ = initial_weights(model_, {InitKind::kPytorch, 0}, 1);
    work_ = FlatParameters(model_.layout());
  }
  Message message(int64_t round, int64_t probe) const {
    Message m;
    m.round = round;
    m.client = client_.id;
    m.probe = probe;
    m.payload = FlatParameters(model_.layout());
    return m;
  }
  // What the documented stream gives.
  FlatParameters expected(uint64_t round, uint64_t step) const {
    const Batch batch = take_batch(client_, {1, 2});
    FlatParameters out(model_.layout());
    Differentiator(model_, global_)
        .gradient(
            batch.images, batch.labels, &out,
            bottleneck_noise(model_.bottleneck(), 2, {1, Purpose::kBottleneck, round, 2, step}));
    return out;
  }
};

TEST_F(BottleneckTraining, EveryStepDrawsItsOwnNoise) {
  const FlatParameters first = expected(0, 0);
  for (const auto& [round, probe] : {std::pair<int64_t, int64_t>{0, -1}, {3, -1}, {0, 0}, {0, 1}}) {
    const Message of = message(round, probe);
    LocalSteps local(training(), client_, global_, of);
    FlatParameters out(model_.layout());
    for (uint64_t step = 0; step < 2; ++step) {
      local.gradient({1, 2}, &out);
      const uint64_t place = static_cast<uint64_t>(1 + probe) << 32 | step;
      EXPECT_EQ(distance(out, expected(static_cast<uint64_t>(round), place)), 0);
      if (round == 0 && place == 0) continue;
      EXPECT_GT(distance(out, first), 1e-3 * first.norm());
    }
  }
}

TEST_F(BottleneckTraining, EveryAlgorithmTrainsThroughIt) {
  for (const std::string& name : algorithms().names()) {
    Message one = message(0, -1), same = message(0, -1), other = message(1, -1);
    // The whole shard, so that rounds do not differ in their images.
    settings_.batch_size = 0;
    make(name)->train(client_, global_, &work_, &one);
    make(name)->train(client_, global_, &work_, &same);
    make(name)->train(client_, global_, &work_, &other);
    EXPECT_EQ(distance(one.payload, same.payload), 0) << name;
    EXPECT_GT(distance(one.payload, other.payload), 1e-3 * one.payload.norm()) << name;
  }
}

}  // namespace
}  // namespace medpfl
