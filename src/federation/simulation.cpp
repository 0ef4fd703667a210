#include "federation/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "comm/update_sum.hpp"
#include "core/log.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "defenses/own_training.hpp"
#include "federation/evaluation.hpp"
#include "federation/local_batches.hpp"
#include "federation/secure_aggregation.hpp"

namespace medpfl {
namespace {

class RoundLoop {
 public:
  RoundLoop(const Federation& f, FederationState* state,
            const std::vector<RoundObserver*>& observers, RoundControl* control,
            PhaseTimers* timers)
      : f_(f),
        state_(state),
        global_(&state->global),
        observers_(observers),
        control_(*control),
        timers_(timers),
        work_(f.model.layout()),
        mean_(f.model.layout()),
        sum_(make_update_sum(f.settings.sum, sent() + 2)),
        downlink_(static_cast<size_t>(global_->size()) + 1) {
    if (state->clients != nullptr) client_.resize(static_cast<size_t>(state->clients->row_size()));
    if (f.settings.secure_aggregation)
      secure_.emplace(f.comm, f.data, f.settings.secure_threshold, f.seeds.masks);
  }

  bool run(int64_t first) {
    const int64_t rounds = f_.settings.rounds;
    Progress progress("round", rounds - first);
    for (int64_t r = first; r < rounds; ++r) {
      const auto start = std::chrono::steady_clock::now();
      const RoundPlan plan = plan_round(r, f_.data.shard_sizes, f_.settings.sampling,
                                        f_.settings.dropout, f_.seeds, f_.targets);
      refuse_too_few(plan);
      RoundRecord record = describe(plan);
      sum_->clear();
      if (secure_) {
        const auto timer = timers_->measure(Phase::kDefend);
        secure_->begin_round(plan);
      }
      const int64_t examples = count_examples(plan, false);
      train(plan, examples);
      const RoundOrder order = aggregate(plan, examples, &record);
      evaluate(&record);
      record.seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      for (RoundObserver* observer : observers_) observer->on_round_end(plan, record, mean_);
      progress.update(r + 1 - first, fmt::format("training loss {:.4f}", record.train_loss));
      if (!control_.after_round(plan, record, order)) return false;
    }
    return true;
  }

 private:
  // Images behind the updates of a round: all of them, or those that arrive.
  int64_t count_examples(const RoundPlan& plan, bool arrived) const {
    int64_t sum = 0;
    for (size_t i = 0; i < plan.clients.size(); ++i)
      if (!arrived || plan.arrives[i])
        sum += f_.algorithm.examples(f_.data.shard_sizes[static_cast<size_t>(plan.clients[i])]);
    return sum;
  }

  // All ranks know it alike, before anything is trained for nothing.
  void refuse_too_few(const RoundPlan& plan) const {
    const int64_t needed = secure_ ? secure_->threshold(plan) : 1;
    if (plan.arrived() >= needed) return;
    const std::string why =
        secure_
            ? fmt::format("secure aggregation needs {} of them (federation.secure_threshold={})",
                          needed, shortest(f_.settings.secure_threshold))
            : std::string("a mean needs one at least");
    throw AgreedError(
        ExitCode::kDropout,
        fmt::format("round {}: of {} hospitals that took part, the updates of {} arrived, and {}: "
                    "lower federation.dropout={}, let more take part (federation.sampling, "
                    "federation.clients), or draw others by run.seed",
                    plan.round, plan.participants(), plan.arrived(), why,
                    shortest(f_.settings.dropout)));
  }

  RoundRecord describe(const RoundPlan& plan) const {
    RoundRecord record;
    record.round = plan.round;
    record.participants = plan.participants();
    record.arrived = plan.arrived();
    record.examples = count_examples(plan, true);
    constexpr auto kFloat = static_cast<int64_t>(sizeof(float));
    record.bytes =
        record.participants * global_->size() * kFloat +
        (secure_ ? SecureAggregation::bytes(plan, sent() + 1) : record.arrived * sent() * kFloat);
    return record;
  }

  // The entries of an update that go on the wire: not statistics that training does not change.
  int64_t sent() const {
    return f_.model.norm_mode() == NormMode::kEval ? global_->layout().trainable()
                                                   : global_->size();
  }

  // The indices into plan.hospitals that each rank works on.
  std::vector<std::vector<size_t>> split_work(const RoundPlan& plan) const {
    std::vector<std::vector<size_t>> work(static_cast<size_t>(f_.comm.size()));
    for (size_t i = 0; i < plan.clients.size(); ++i) {
      const int rank = f_.data.placement[static_cast<size_t>(plan.clients[i])];
      work[static_cast<size_t>(rank)].push_back(i);
    }
    return work;
  }

  void train(const RoundPlan& plan, int64_t round_examples) {
    const auto work = split_work(plan);
    const std::vector<size_t>& mine = work[static_cast<size_t>(f_.comm.rank())];
    size_t longest = 0;
    int64_t most_probes = 0;
    for (const auto& list : work) longest = std::max(longest, list.size());
    for (const int64_t probes : plan.probes) most_probes = std::max(most_probes, probes);
    const int64_t bytes = global_->size() * static_cast<int64_t>(sizeof(float)) * (1 + most_probes);
    const auto chunk = static_cast<size_t>(std::max<int64_t>(1, kMessageBytes / bytes));
    for (size_t first = 0; first < longest; first += chunk) {
      std::vector<Message> messages;
      // A hospital that diverges on one rank ends the run on all, in order.
      f_.comm.agree([&] {
        for (size_t i = first; i < std::min(first + chunk, mine.size()); ++i)
          play_turn(plan, mine[i], round_examples, &messages);
      });
      for (RoundObserver* observer : observers_) observer->on_messages(plan, *global_, messages);
    }
  }

  void play_turn(const RoundPlan& plan, size_t index, int64_t round_examples,
                 std::vector<Message>* messages) {
    const Client& client = f_.data.client(plan.clients[index]);
    Message update = new_message(plan.round, client.id, -1);
    {
      const auto timer = timers_->measure(Phase::kTrain);
      f_.algorithm.train(client, *global_, &work_, &update);
    }
    if (state_->clients != nullptr) state_->clients->read(client.id, client_.data());
    std::vector<float> kept = client_;
    defend(client, &update, &kept);
    if (state_->clients != nullptr) state_->clients->write(client.id, kept.data());
    if (!plan.arrives[index]) return;
    const double weight =
        static_cast<double>(update.examples) / static_cast<double>(round_examples);
    const std::string who = fmt::format("update of hospital {} in round {}", client.id, plan.round);
    sum_->add(update.payload.data(), sent(), weight, who.c_str(), 0);
    sum_->add(update.loss, weight, "training loss", sent());
    if (secure_) {
      const auto timer = timers_->measure(Phase::kDefend);
      secure_->mask(index, sum_->integers(), sent() + 1);
    }
    messages->push_back(std::move(update));

    const int64_t batch = f_.targets.probe_batch;
    const int64_t probes = plan.probes[index];
    if (probes == 0) return;
    RandomStream random({f_.seeds.clients, Purpose::kProbe, static_cast<uint64_t>(plan.round),
                         static_cast<uint64_t>(client.id), 0});
    const std::vector<int64_t> order = random.permutation(client.size());
    for (int64_t p = 0; p < probes; ++p) {
      Message probe = new_message(plan.round, client.id, p);
      const auto begin = order.begin() + p * batch;
      {
        const auto timer = timers_->measure(Phase::kTrain);
        f_.algorithm.probe(client, *global_, {begin, begin + batch}, &probe);
      }
      kept = client_;
      defend(client, &probe, &kept);
      messages->push_back(std::move(probe));
    }
  }

  Message new_message(int64_t round, int64_t client, int64_t probe) const {
    Message message;
    message.round = round;
    message.client = client;
    message.probe = probe;
    message.payload = FlatParameters(f_.model.layout());
    return message;
  }

  // `kept`: what the defenses keep of the hospital.
  void defend(const Client& client, Message* message, std::vector<float>* kept) {
    if (!message->payload.all_finite())
      throw NumericError(
          fmt::format("hospital {} in round {}: the update holds NaN or infinity; "
                      "training diverged: lower federation.learning_rate",
                      message->client, message->round));
    const auto timer = timers_->measure(Phase::kDefend);
    DefenseContext context;
    context.seed = f_.seeds.noise;
    context.budget_seed = f_.seeds.clients;
    context.round = message->round;
    context.client = message->client;
    context.message = message->probe + 1;
    if (!kept->empty()) context.state = kept->data();
    const auto images = [&](int64_t first, int64_t end) {
      const auto begin = message->images.begin();
      return take_batch(client, {begin + first, begin + end}).images;
    };
    const OwnTraining own = {f_.model, *global_, static_cast<int64_t>(message->images.size()),
                             images};
    context.own = &own;
    context.rounds = f_.settings.rounds;
    message->defenses = f_.defenses.apply(&message->payload, context, sent());
    // What is not sent need not be hidden.
    FlatParameters& payload = message->payload;
    std::fill(payload.data() + sent(), payload.data() + payload.size(), 0.0F);
    message->norm = message->payload.norm();
  }

  // One Reduce carries updates, loss and the wish to stop; one Bcast the weights and the order.
  // A hospital weighs its update by the `examples` of all that took part, as it cannot know who
  // drops out; the server makes up for it.
  RoundOrder aggregate(const RoundPlan& plan, int64_t examples, RoundRecord* record) {
    const int64_t p = mean_.size();
    {
      const auto timer = timers_->measure(Phase::kReduce);
      if (control_.stop_signalled()) sum_->add(1, 1, "wish to stop", sent() + 1);
      sum_->reduce(f_.comm);
      if (secure_) secure_->unmask(plan, sum_->integers(), sent() + 1);
    }
    const auto timer = timers_->measure(Phase::kBroadcast);
    if (f_.comm.is_root()) {
      const double make_up = static_cast<double>(examples) / static_cast<double>(record->examples);
      sum_->copy_to(mean_.data(), sent(), make_up);
      record->train_loss = make_up * (*sum_)[sent()];
      record->update_norm = mean_.norm();
      state_->optimizer->step(mean_, f_.algorithm.direction(), global_);
      global_->step(mean_, 0);  // the statistics, whose entries are their change
      mend_variances(f_.model, global_);
      if (f_.malicious_server != nullptr) f_.malicious_server->tamper(global_);
      std::copy_n(global_->data(), p, downlink_.begin());
      downlink_.back() = static_cast<float>(control_.decide(plan, (*sum_)[sent() + 1] > 0));
    }
    f_.comm.broadcast(downlink_.data(), (p + 1) * static_cast<int64_t>(sizeof(float)));
    std::copy_n(downlink_.begin(), p, global_->data());
    return static_cast<RoundOrder>(static_cast<int>(downlink_.back()));
  }

  void evaluate(RoundRecord* record) {
    const int64_t every = f_.settings.evaluate_every;
    const bool last = record->round + 1 == f_.settings.rounds;
    if (!last && (every == 0 || (record->round + 1) % every != 0)) return;
    const auto timer = timers_->measure(Phase::kEvaluate);
    record->utility = evaluate_global(f_.comm, f_.model, *global_, f_.data);
    record->evaluated = true;
  }

  const Federation& f_;
  FederationState* state_;
  FlatParameters* global_;
  const std::vector<RoundObserver*>& observers_;
  RoundControl& control_;
  PhaseTimers* timers_;
  FlatParameters work_, mean_;
  // Of the updates as sent, then the loss, then ranks that shall stop.
  std::unique_ptr<UpdateSum> sum_;
  std::optional<SecureAggregation> secure_;  // none: the server gets single updates
  std::vector<float> downlink_;              // new weights, then the order
  std::vector<float> client_;                // state of the hospital at work before its update
};

}  // namespace

bool run_rounds(const Federation& federation, int64_t first_round, FederationState* state,
                const std::vector<RoundObserver*>& observers, RoundControl* control,
                PhaseTimers* timers) {
  return RoundLoop(federation, state, observers, control, timers).run(first_round);
}

}  // namespace medpfl
