#include "audit/audit_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <set>

#include "audit/audit_file.hpp"
#include "audit/budget.hpp"
#include "audit/rehearsal.hpp"
#include "config/settings.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "federation/local_batches.hpp"
#include "results/folder/durable_file.hpp"
#include "results/run/run_summary.hpp"
#include "study/attack_config.hpp"
#include "study/federated_run.hpp"
#include "study/recorded_attack.hpp"
#include "study/same_config.hpp"

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

// Returns the data of the federation without pixels. Collective.
FederatedData plan_data(const Communicator& comm, const Settings& settings) {
  return plan_federated_data(comm, *settings.dataset, settings.federated_data, settings.federation);
}

// What attacks may spend, and about how long the audit takes with it.
struct Forecast {
  Budget budget;
  double minutes = 0;
};

// Returns the budget that was asked for, or `known`. Collective.
Forecast forecast(const Communicator& comm, const AuditPlan& plan, const AuditRequest& request,
                  const Settings& settings, const FederatedData& data,
                  const std::optional<Budget>& known) {
  Forecast out;
  comm.agree([&] {
    if (!comm.is_root()) return;
    const AuditCost cost = measure_cost(plan, sizes_of(settings, data), data.classes());
    if (known)
      out.budget = *known;
    else if (request.evaluations)
      out.budget = {*request.evaluations, *request.evaluations};
    else
      out.budget = budget_for(cost, request.minutes, comm.size());
    out.minutes = minutes_for(cost, out.budget, comm.size());
  });
  comm.broadcast(&out, sizeof out);
  return out;
}

// "about 12 minutes"; one that is less than a minute is told in seconds.
std::string duration_text(double minutes) {
  return minutes < 1 ? fmt::format("about {:.0f} seconds", std::ceil(60 * minutes))
                     : fmt::format("about {:.0f} minutes", minutes);
}

class AuditRun {
 public:
  AuditRun(const Communicator& comm, const RankPlace& place, const AuditPlan& plan,
           const AuditRequest& request)
      : comm_(comm),
        place_(place),
        plan_(plan),
        request_(request),
        deadline_(request.max_walltime) {}

  ExitCode run() {
    begin();
    if (!federations()) return stop();
    for (const Stage& stage : plan_.stages())
      if (!attack(stage)) return stop();
    write("complete");
    return ExitCode::kOk;
  }

 private:
  // Finds the audit in the folder, or makes a new one and its budget.
  void begin() {
    bool known = false;
    comm_.agree([&] {
      if (comm_.is_root()) known = take_over();
    });
    comm_.broadcast(&known, sizeof known);
    comm_.broadcast(&record_.networks, sizeof record_.networks);
    Settings settings;
    comm_.agree([&] { settings = make_settings(plan_.base); });
    const FederatedData data = plan_data(comm_, settings);
    record_.classes = data.classes();
    comm_.broadcast(&record_.budget, sizeof record_.budget);
    const Forecast found = forecast(comm_, plan_, request_, settings, data,
                                    known ? std::optional(record_.budget) : std::nullopt);
    record_.budget = found.budget;
    record_.config = record_config(plan_.base);
    record_.federation = plan_.input.empty() ? "federation" : plan_.input;
    write("running");
    log_info(
        fmt::format("an attack may spend {} evaluations on an update and {} on a probe; a whole "
                    "audit takes {} on {} ranks",
                    record_.budget.of_update, record_.budget.of_probe, duration_text(found.minutes),
                    comm_.size()));
  }

  // Returns whether there is an audit to go on with. Called on rank 0.
  bool take_over() {
    const std::string& folder = plan_.folder;
    record_.networks = plan_.networks;
    const bool empty = !std::filesystem::exists(folder) || std::filesystem::is_empty(folder);
    const auto before = find_audit(folder);
    if (!before && !empty)
      throw OutputError(
          fmt::format("run.output={}: holds other files than those of an audit; choose another "
                      "folder",
                      folder));
    if (before && !request_.resume && !request_.overwrite)
      throw OutputError(fmt::format(
          "run.output={}: holds an audit; go on with it by --resume, replace it by --overwrite, or "
          "choose another folder",
          folder));
    if (before && request_.overwrite)
      for (const std::string& part : audit_parts(before->networks))
        std::filesystem::remove_all(std::filesystem::path(folder) / part);
    make_folder(folder);
    if (!before || request_.overwrite) {
      record_.minutes = request_.evaluations ? 0 : request_.minutes;
      return false;
    }
    refuse_other_config(plan_.base, before->resolved, fmt::format("the audit in {}", folder));
    record_.budget = before->budget;
    record_.minutes = before->minutes;
    record_.networks = std::max(plan_.networks, before->networks);
    return true;
  }

  // Runs the federations that are audited. Returns false where it was stopped.
  bool federations() {
    for (int64_t network = 0; network < record_.networks && plan_.input.empty(); ++network) {
      const Config config = plan_.of_federation(network);
      Settings settings;
      comm_.agree([&] { settings = make_settings(config); });
      if (deadline_.over(comm_) || run_federation({comm_, config, settings, place_},
                                                  {true, deadline_.left()}) != ExitCode::kOk)
        return false;
    }
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      record_.final_accuracy = mean_accuracy(-1);
      std::set<std::string> words;
      for (int64_t network = 0; network < record_.networks; ++network)
        words.insert(network_at_end(plan_.federation(network)));
      record_.network = join({words.begin(), words.end()});
    });
    return true;
  }

  // As accuracy_before(), the mean over networks.
  double mean_accuracy(int64_t round) const {
    double sum = 0;
    for (int64_t network = 0; network < record_.networks; ++network)
      sum += accuracy_before(plan_.federation(network), round);
    return sum / static_cast<double>(record_.networks);
  }

  // Rehearses and attacks one stage. Returns false where it was stopped.
  bool attack(const Stage& stage) {
    if (deadline_.over(comm_)) return false;
    StageResult result;
    result.stage = stage;
    result.evaluations = record_.budget.of(stage);
    std::vector<Candidate> candidates;
    comm_.agree([&] {
      candidates = plan_.candidates(stage);
      if (comm_.is_root()) result.accuracy = mean_accuracy(stage.round);
    });
    if (candidates.empty()) {
      result.verdict = {Finding::kNotTested, "no attack here applies to such messages"};
      return keep(result);
    }
    result.rehearsal =
        rehearse(comm_, place_, plan_, {stage, candidates, result.evaluations, deadline_});
    if (!result.rehearsal || deadline_.over(comm_)) return false;
    const Candidate& chosen = result.rehearsal->tried.front().candidate;
    log_info(
        fmt::format("{}: {} served best and attacks the hospitals", stage.name(), chosen.name));
    const auto attack_by = [&](const Config& recorded, int64_t network) {
      return plan_.of_attack(recorded, stage, network, chosen, result.evaluations);
    };
    Attacked attacked;
    if (!attack_networks(attack_by, &attacked)) return false;
    for (int64_t network = 0; network < record_.networks; ++network)
      result.attacks.push_back(plan_.attack_folder(stage, network));
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      result.leak = read_leak(attacked.folders, stage.kind(), chosen.method);
      result.verdict = judge({result.leak->identified, result.leak->chance, attacked.defended, true,
                              result.rehearsal->undefended});
    });
    return try_presets(&result) && keep(result);
  }

  // Attacks a stage by presets, too. Returns false where it was stopped.
  bool try_presets(StageResult* result) {
    std::vector<Candidate> presets;
    comm_.agree([&] { presets = plan_.presets_for(result->stage); });
    if (presets.empty()) return true;
    const auto attack_by = [&](const Config& recorded, int64_t network) {
      return plan_.of_presets(recorded, result->stage, network, presets, result->evaluations);
    };
    Attacked attacked;
    if (!attack_networks(attack_by, &attacked)) return false;
    comm_.agree([&] {
      for (size_t i = 0; comm_.is_root() && i < presets.size(); ++i) {
        const std::string& method = presets[i].method;
        const LeakNumbers leak = read_leak(attacked.folders, result->stage.kind(), method);
        result->presets.push_back(
            {method, leak,
             judge({leak.identified, leak.chance, attacked.defended, attacked.adapted.at(i)})});
      }
    });
    return true;
  }

  // The runs that attacked a stage, by network.
  struct Attacked {
    std::vector<std::string> folders;
    bool defended = false;
    std::vector<bool> adapted;  // whether each attack answers the defense
  };

  // Runs attacks on the recorded messages of each network. Returns false where it was stopped.
  bool attack_networks(const std::function<Config(const Config& recorded, int64_t)>& attack_by,
                       Attacked* out) {
    for (int64_t network = 0; network < record_.networks; ++network) {
      const std::string recorded = plan_.federation(network);
      const Config config = attack_by(recorded_config(comm_, recorded), network);
      Settings settings;
      comm_.agree([&] {
        settings = make_settings(config);
        check_attack_settings(settings, recorded);
      });
      if (deadline_.over(comm_) ||
          attack_recorded({comm_, config, settings, place_}, {true, deadline_.left()}, recorded) !=
              ExitCode::kOk)
        return false;
      out->folders.push_back(settings.output);
      out->defended = !settings.defenses.empty();
      out->adapted.clear();
      for (const auto& method : settings.attack.methods) out->adapted.push_back(method.adapted);
    }
    return true;
  }

  bool keep(const StageResult& result) {
    record_.stages.push_back(result);
    write("running");
    return true;
  }

  void write(const std::string& status) {
    record_.status = status;
    comm_.agree([&] {
      if (comm_.is_root()) write_audit(plan_.folder, record_);
    });
  }

  ExitCode stop() {
    write("interrupted");
    if (comm_.is_root())
      log_warning(
          fmt::format("stopped as asked; go on with --resume --run.output={}", plan_.folder));
    return ExitCode::kInterrupted;
  }

  const Communicator& comm_;
  const RankPlace& place_;
  const AuditPlan& plan_;
  const AuditRequest& request_;
  Deadline deadline_;
  AuditRecord record_;  // complete on rank 0
};

}  // namespace

ExitCode run_audit(const Communicator& comm, const RankPlace& place, const AuditPlan& plan,
                   const AuditRequest& request) {
  return AuditRun(comm, place, plan, request).run();
}

void dry_run_audit(const Communicator& comm, const AuditPlan& plan, const AuditRequest& request) {
  Settings settings;
  comm.agree([&] { settings = make_settings(plan.base); });
  const Forecast found =
      forecast(comm, plan, request, settings, plan_data(comm, settings), std::nullopt);
  if (!comm.is_root()) return;
  for (const Stage& stage : plan.stages()) {
    const int64_t n = found.budget.of(stage);
    const std::vector<Candidate> candidates = plan.candidates(stage);
    fmt::print(
        "round {}, {}s: {} attacks are rehearsed, {} networks attacked, each message at most {} "
        "evaluations\n",
        stage.round, stage.kind(), candidates.size(), plan.networks, n);
    for (const Candidate& one : candidates)
      fmt::print("  {:<20} {} {}\n", one.name, one.method, one.describe());
  }
  fmt::print("\n{} on {} ranks of this machine, if it is idle\nnothing was written\n",
             duration_text(found.minutes), comm.size());
}

}  // namespace medpfl
