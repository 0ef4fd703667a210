// Every defense of a hospital that trains on the device under test and on the CPU, where
// tests/defenses test them.
#include "../defenses/updates.hpp"
#include "../federation/training_hospital.hpp"
#include "device.hpp"

namespace medpfl {
namespace {

using testing::expect_close;
using testing::make_defense;
using testing::SmallClient;
using testing::Twins;

// Of changes of weights, which lose a digit beside gradients.
constexpr double kBound = 1e-3;

class EveryDefense : public ClientTest, public ::testing::WithParamInterface<std::string> {
 protected:
  Message train(const Model& model) {
    model_ = model;
    Message out;
    out.payload = FlatParameters(model.layout());
    make("fedavg")->train(client_, global_, &work_, &out);
    return out;
  }
};

TEST_P(EveryDefense, TrainsAsOnTheCpu) {
  defend(GetParam());
  ModelRequest request;
  request.input = {1, 8, 8};
  request.before_head = chain_.network();
  const auto& entry = models().find("mlp");
  const Twins model(entry.create(OptionValues::defaults(entry.options), request));
  global_ = initial_weights(model.here, {InitKind::kPytorch, 0}, 1);
  const Message expected = train(model.here), found = train(model.there);
  EXPECT_NEAR(found.loss, expected.loss, kBound * expected.loss);
  expect_close(found.payload.buffer(), expected.payload.buffer(), kBound);
}

TEST_P(EveryDefense, ChangesMessagesAsOnTheCpu) {
  const Defense defense = make_defense(GetParam());
  if (defense.message == nullptr) return;
  const SmallClient client(3);
  const Twins model(client.model);
  const auto changed = [&](const Model& on) {
    FlatParameters update = client.update();
    std::vector<float> state(static_cast<size_t>(defense.message->state_size(update.size())));
    const OwnTraining own = {on, client.weights, client.own.count, client.own.images};
    defense.message->apply(&update, {42, 3, 5, 0, 1, state.data(), &own});
    return update;
  };
  expect_close(changed(model.there).buffer(), changed(model.here).buffer(), kBound);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryDefense, ::testing::ValuesIn(defenses().names()),
                         testing::row_name);

}  // namespace
}  // namespace medpfl
