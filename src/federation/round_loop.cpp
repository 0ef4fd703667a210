#include "federation/round_loop.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <utility>

#include "federation/aggregator.hpp"
#include "federation/client_turns.hpp"
#include "federation/evaluation.hpp"

namespace medpfl {

class RoundLoop::Impl {
 public:
  Impl(const Federation& f, FederationState* state, std::vector<RoundObserver*> observers,
       JobControl* control, PhaseTimers* timers)
      : f_(f),
        state_(state),
        global_(&state->global),
        observers_(std::move(observers)),
        control_(*control),
        timers_(timers),
        hospitals_(f, state->clients.get(), timers),
        aggregator_(make_aggregator(f, timers)),
        combined_(f.model.layout()),
        downlink_(static_cast<size_t>(global_->size()) + 1) {}

  RoundOutcome play(int64_t round) {
    const auto start = std::chrono::steady_clock::now();
    RoundOutcome out;
    out.plan = plan_round(round, f_.data.shard_sizes, f_.settings.sampling, f_.settings.dropout,
                          f_.seeds, f_.targets);
    aggregator_->begin_round(out.plan);
    out.record = describe(out.plan);
    play_turns(out.plan);
    combine(&out.record);
    out.order = send_down();
    evaluate(&out.record);
    out.record.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (RoundObserver* observer : observers_)
      observer->on_round_end(out.plan, out.record, combined_);
    return out;
  }

 private:
  RoundRecord describe(const RoundPlan& plan) const {
    RoundRecord record;
    record.round = plan.round;
    record.participants = plan.participants();
    record.arrived = plan.arrived();
    record.examples = f_.images_that_arrive(plan);
    record.bytes = record.participants * global_->size() * static_cast<int64_t>(sizeof(float)) +
                   aggregator_->bytes(plan);
    return record;
  }

  // The indices into plan.clients that each rank works on.
  std::vector<std::vector<size_t>> split_work(const RoundPlan& plan) const {
    std::vector<std::vector<size_t>> work(static_cast<size_t>(f_.comm.size()));
    for (size_t i = 0; i < plan.clients.size(); ++i) {
      const int rank = f_.data.placement[static_cast<size_t>(plan.clients[i])];
      work[static_cast<size_t>(rank)].push_back(i);
    }
    return work;
  }

  // Some hospitals at a time, so that messages need not be held all at once.
  void play_turns(const RoundPlan& plan) {
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
          play_turn(plan, mine[i], &messages);
      });
      for (RoundObserver* observer : observers_) observer->on_messages(plan, *global_, messages);
    }
  }

  // A hospital receives the model, and what it sends goes to the server and to the observers.
  void play_turn(const RoundPlan& plan, size_t index, std::vector<Message>* messages) {
    std::vector<Message> own = hospitals_.play_turn(plan, index, *global_);
    if (!plan.arrives[index]) return;
    aggregator_->add(index, own.front());
    std::move(own.begin(), own.end(), std::back_inserter(*messages));
  }

  // The server moves the model, on rank 0.
  void combine(RoundRecord* record) {
    const double loss = aggregator_->combine(&combined_);
    if (!f_.comm.is_root()) return;
    const auto timer = timers_->measure(Phase::kReduce);
    record->train_loss = loss;
    record->update_norm = combined_.norm();
    state_->optimizer->step(combined_, f_.algorithm.change_per_update(), global_);
    global_->step(combined_, 0);  // the statistics, whose entries are their change
    mend_variances(f_.model, global_);
    if (f_.malicious_server != nullptr) f_.malicious_server->tamper(global_);
  }

  // One Bcast carries the weights and the order.
  JobOrder send_down() {
    const auto timer = timers_->measure(Phase::kBroadcast);
    const bool signalled = f_.comm.max(control_.stop_signalled() ? 1 : 0) > 0;
    const int64_t p = global_->size();
    if (f_.comm.is_root()) {
      std::copy_n(global_->data(), p, downlink_.begin());
      if (signalled) control_.note_stop();
      downlink_.back() = static_cast<float>(control_.order());
    }
    f_.comm.broadcast(downlink_.data(), (p + 1) * static_cast<int64_t>(sizeof(float)));
    std::copy_n(downlink_.begin(), p, global_->data());
    return static_cast<JobOrder>(static_cast<int>(downlink_.back()));
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
  std::vector<RoundObserver*> observers_;
  JobControl& control_;
  PhaseTimers* timers_;
  ClientTurns hospitals_;
  std::unique_ptr<Aggregator> aggregator_;
  FlatParameters combined_;      // what the server makes of the updates
  std::vector<float> downlink_;  // new weights, then the order
};

RoundLoop::RoundLoop(const Federation& federation, FederationState* state,
                     std::vector<RoundObserver*> observers, JobControl* control,
                     PhaseTimers* timers)
    : impl_(std::make_unique<Impl>(federation, state, std::move(observers), control, timers)) {}

RoundLoop::~RoundLoop() = default;

RoundOutcome RoundLoop::play(int64_t round) { return impl_->play(round); }

}  // namespace medpfl
