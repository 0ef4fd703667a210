#include <fmt/format.h>

#include <optional>

#include "comm/update_sum.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "federation/aggregator.hpp"
#include "federation/secure_aggregation.hpp"

namespace medpfl {
namespace {

// One reduction carries the updates and the loss. A hospital weighs its update by the images of all
// that take part, as it cannot know who drops out; the server makes up for it.
class WeightedMean final : public Aggregator {
 public:
  WeightedMean(const Federation& f, PhaseTimers* timers)
      : f_(f), timers_(timers), sum_(make_update_sum(f.settings.sum, f.sent() + 1)) {
    if (f.settings.secure_aggregation)
      secure_.emplace(f.comm, f.data, f.settings.secure_threshold, f.seeds.masks);
  }

  void begin_round(const RoundPlan& plan) override {
    refuse_too_few(plan);
    plan_ = &plan;
    images_ = static_cast<double>(f_.images_behind(plan));
    sum_->clear();
    if (!secure_) return;
    const auto timer = timers_->measure(Phase::kDefend);
    secure_->begin_round(plan);
  }

  void add(size_t index, const Message& update) override {
    const double weight = static_cast<double>(update.examples) / images_;
    const std::string who =
        fmt::format("update of hospital {} in round {}", update.client, update.round);
    sum_->add(update.payload.data(), f_.sent(), weight, who.c_str(), 0);
    sum_->add(update.loss, weight, "training loss", f_.sent());
    if (!secure_) return;
    const auto timer = timers_->measure(Phase::kDefend);
    secure_->mask(index, sum_->integers(), f_.sent() + 1);
  }

  double combine(FlatParameters* combined) override {
    const auto timer = timers_->measure(Phase::kReduce);
    sum_->reduce(f_.comm);
    if (secure_) secure_->unmask(*plan_, sum_->integers(), f_.sent() + 1);
    if (!f_.comm.is_root()) return 0;
    const double make_up = images_ / static_cast<double>(f_.images_that_arrive(*plan_));
    sum_->copy_to(combined->data(), f_.sent(), make_up);
    return make_up * (*sum_)[f_.sent()];
  }

  int64_t bytes(const RoundPlan& plan) const override {
    return secure_ ? SecureAggregation::bytes(plan, f_.sent() + 1)
                   : plan.arrived() * f_.sent() * static_cast<int64_t>(sizeof(float));
  }

 private:
  // All ranks know it alike.
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

  const Federation& f_;
  PhaseTimers* timers_;
  std::unique_ptr<UpdateSum> sum_;           // of the updates as sent, then of the loss
  std::optional<SecureAggregation> secure_;  // none: the server gets single updates
  const RoundPlan* plan_ = nullptr;          // of the round
  double images_ = 0;                        // behind all its updates
};

}  // namespace

std::unique_ptr<Aggregator> make_aggregator(const Federation& federation, PhaseTimers* timers) {
  return std::make_unique<WeightedMean>(federation, timers);
}

}  // namespace medpfl
