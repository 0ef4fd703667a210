#include "audit/forecast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/settings.hpp"
#include "core/text.hpp"
#include "federation/local_batches.hpp"

namespace medpfl {
namespace {

MessageSizes sizes_of(const Settings& settings, const FederatedData& data) {
  MessageSizes out;
  const FederationSettings& f = settings.federation;
  out.clients = data.client_count();
  out.probe = settings.written.probe_batch;
  for (const int64_t shard : data.shard_sizes) {
    out.shard = std::max(out.shard, shard);
    out.training_steps += f.rounds * f.local_epochs * batches_of(f.batch_size, shard);
  }
  out.step = batch_of(f.batch_size, out.shard);
  return out;
}

}  // namespace

std::string Forecast::duration() const {
  return "about " + (minutes < 1 ? counted(std::lround(std::ceil(60 * minutes)), "second")
                                 : counted(std::lround(minutes), "minute"));
}

FederatedData audited_data(const Communicator& comm, const AuditPlan& plan) {
  Settings settings;
  comm.agree([&] { settings = make_settings(plan.base); });
  return plan_federated_data(comm, *settings.dataset, settings.federated_data, settings.federation);
}

Forecast forecast(const Communicator& comm, const AuditPlan& plan, const AuditRequest& request,
                  const FederatedData& data) {
  Forecast out;
  comm.agree([&] {
    if (!comm.is_root()) return;
    const AuditCost cost =
        measure_cost(plan, sizes_of(make_settings(plan.base), data), data.classes());
    if (request.evaluations)
      out.budget = {*request.evaluations, *request.evaluations};
    else
      out.budget = budget_for(cost, request.minutes, comm.size());
    out.minutes = minutes_for(cost, out.budget, comm.size());
  });
  comm.broadcast(&out, sizeof out);
  return out;
}

void dry_run_audit(const Communicator& comm, const AuditPlan& plan, const AuditRequest& request) {
  const Forecast found = forecast(comm, plan, request, audited_data(comm, plan));
  if (!comm.is_root()) return;
  for (const Stage& stage : plan.stages()) {
    const int64_t n = found.budget.of(stage);
    const std::vector<CandidateAttack> candidates = plan.candidates(stage);
    fmt::print("round {}, {}s: rehearsal of {}, then {} attacked, each message with at most {}\n",
               stage.round, stage.kind(),
               counted(static_cast<int64_t>(candidates.size()), "attack"),
               counted(plan.networks, "network"), counted(n, "evaluation"));
    for (const CandidateAttack& one : candidates)
      fmt::print("  {:<20} {} {}\n", one.name, one.method, one.describe());
  }
  fmt::print("\n{} on {} of this machine, if it is idle\nnothing was written\n", found.duration(),
             counted(comm.size(), "rank"));
}

}  // namespace medpfl
