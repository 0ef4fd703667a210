#include "federation/client_turns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/random.hpp"
#include "defenses/own_training.hpp"
#include "federation/local_batches.hpp"
#include "federation/row_store.hpp"

namespace medpfl {

ClientTurns::ClientTurns(const Federation& federation, RowStore* kept, PhaseTimers* timers)
    : f_(federation), kept_(kept), timers_(timers), work_(federation.model.layout()) {}

std::vector<Message> ClientTurns::play_turn(const RoundPlan& plan, size_t index,
                                            const FlatParameters& received) {
  const Client& client = f_.data.client(plan.clients[index]);
  std::vector<float> before;
  if (kept_ != nullptr) {
    before.resize(static_cast<size_t>(kept_->row_size()));
    kept_->read(client.id, before.data());
  }

  std::vector<Message> messages;
  messages.push_back(train(plan, client, received));
  std::vector<float> state = before;
  defend(client, received, &state, &messages.front());
  if (kept_ != nullptr) kept_->write(client.id, state.data());
  if (!plan.arrives[index] || plan.probes[index] == 0) return messages;

  RandomStream random({f_.seeds.clients, Purpose::kProbe, static_cast<uint64_t>(plan.round),
                       static_cast<uint64_t>(client.id), 0});
  const std::vector<int64_t> order = random.permutation(client.size());
  const int64_t batch = f_.targets.probe_batch;
  for (int64_t p = 0; p < plan.probes[index]; ++p) {
    const auto begin = order.begin() + p * batch;
    messages.push_back(probe(plan, client, received, p, {begin, begin + batch}));
    state = before;
    defend(client, received, &state, &messages.back());
  }
  return messages;
}

Message ClientTurns::new_message(const RoundPlan& plan, const Client& client, int64_t probe) const {
  Message message;
  message.round = plan.round;
  message.client = client.id;
  message.probe = probe;
  message.payload = FlatParameters(f_.model.layout());
  return message;
}

Message ClientTurns::train(const RoundPlan& plan, const Client& client,
                           const FlatParameters& received) {
  const auto timer = timers_->measure(Phase::kTrain);
  Message update = new_message(plan, client, -1);
  f_.algorithm.train(client, received, &work_, &update);
  return update;
}

Message ClientTurns::probe(const RoundPlan& plan, const Client& client,
                           const FlatParameters& received, int64_t number,
                           const std::vector<int64_t>& images) {
  const auto timer = timers_->measure(Phase::kTrain);
  Message message = new_message(plan, client, number);
  f_.algorithm.probe(client, received, images, &message);
  return message;
}

// `state`: what the defenses keep of the hospital.
void ClientTurns::defend(const Client& client, const FlatParameters& received,
                         std::vector<float>* state, Message* message) {
  FlatParameters& payload = message->payload;
  if (!payload.all_finite())
    throw NumericError(
        fmt::format("hospital {} in round {}: the update holds NaN or infinity; "
                    "training diverged: lower federation.learning_rate",
                    message->client, message->round));
  const auto timer = timers_->measure(Phase::kDefend);
  const auto images = [&](int64_t first, int64_t end) {
    const auto begin = message->images.begin();
    return take_batch(client, {begin + first, begin + end}).images;
  };
  const OwnTraining own = {f_.model, received, static_cast<int64_t>(message->images.size()),
                           images};
  DefenseContext context;
  context.seed = f_.seeds.noise;
  context.budget_seed = f_.seeds.clients;
  context.round = message->round;
  context.rounds = f_.settings.rounds;
  context.client = message->client;
  context.message = message->probe + 1;
  context.own = &own;
  if (!state->empty()) context.state = state->data();
  message->defenses = f_.defenses.apply(&payload, context, f_.sent());
  // What is not sent need not be hidden.
  std::fill(payload.data() + f_.sent(), payload.data() + payload.size(), 0.0F);
  message->norm = payload.norm();
}

}  // namespace medpfl
