#include "audit/audit_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>

#include "audit/audit_file.hpp"
#include "audit/forecast.hpp"
#include "audit/rehearsal.hpp"
#include "config/settings.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "results/folder/durable_file.hpp"
#include "results/folder/file_digests.hpp"
#include "results/run/run_summary.hpp"
#include "study/attack_config.hpp"
#include "study/federated_run.hpp"
#include "study/recorded_attack.hpp"
#include "study/same_config.hpp"

namespace medpfl {
namespace {

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
    const FederatedData data = audited_data(comm_, plan_);
    record_.classes = data.classes();
    std::string duration;
    if (known) {
      comm_.broadcast(&record_.budget, sizeof record_.budget);
    } else {
      const Forecast found = forecast(comm_, plan_, request_, data);
      record_.budget = found.budget;
      duration = fmt::format("; the audit takes {} on {}", found.duration(),
                             counted(comm_.size(), "rank"));
    }
    record_.config = record_config(plan_.base);
    record_.apart = plan_.apart;
    comm_.agree([&] {
      if (comm_.is_root()) record_.noise = noise_levels(plan_.base, data);
    });
    record_.federation =
        plan_.input.empty() ? AuditPlan::federation_folder(plan_.first_attacked()) : plan_.input;
    write("running");
    log_info(fmt::format("an attack may spend {} on an update and {} on a probe{}",
                         counted(record_.budget.of_update, "evaluation"), record_.budget.of_probe,
                         duration));
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
      for (const std::string& part : audit_parts(before->networks + (before->apart ? 1 : 0)))
        std::filesystem::remove_all(std::filesystem::path(folder) / part);
    make_folder(folder);
    if (!before || request_.overwrite) {
      record_.minutes = request_.evaluations ? 0 : request_.minutes;
      return false;
    }
    refuse_other_config(plan_.base, before->resolved, fmt::format("the audit in {}", folder));
    if (before->apart != plan_.apart)
      throw ConfigError(fmt::format("--apart: the audit in {} was begun {} it", folder,
                                    before->apart ? "with" : "without"));
    record_.budget = before->budget;
    record_.minutes = before->minutes;
    record_.networks = std::max(plan_.networks, before->networks);
    return true;
  }

  // Runs the federations that are audited. Returns false where it was stopped.
  bool federations() {
    for (int64_t network = 0; network < end() && plan_.input.empty(); ++network) {
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
      for (int64_t network = plan_.first_attacked(); network < end(); ++network)
        words.insert(network_at_end(plan_.federation(network)));
      record_.network = join({words.begin(), words.end()});
    });
    return true;
  }

  // The number behind that of the last federation.
  int64_t end() const { return plan_.first_attacked() + record_.networks; }

  // As accuracy_before(), the mean over the networks under attack.
  double mean_accuracy(int64_t round) const {
    double sum = 0;
    for (int64_t network = plan_.first_attacked(); network < end(); ++network)
      sum += accuracy_before(plan_.federation(network), round);
    return sum / static_cast<double>(record_.networks);
  }

  // Rehearses and attacks one stage. Returns false where it was stopped.
  bool attack(const Stage& stage) {
    if (deadline_.over(comm_)) return false;
    StageResult result;
    result.stage = stage;
    result.evaluations = record_.budget.of(stage);
    std::vector<CandidateAttack> candidates;
    comm_.agree([&] {
      candidates = plan_.candidates(stage);
      if (comm_.is_root()) result.accuracy = mean_accuracy(stage.round);
    });
    if (candidates.empty()) {
      result.verdict = {Finding::kNotTested, "no attack here applies to such messages"};
      return keep({result});
    }
    const auto rehearsal =
        rehearse(comm_, place_, plan_, {stage, candidates, result.evaluations, deadline_});
    if (!rehearsal) return false;
    StageTrials trials = {stage, *rehearsal, {}};
    std::vector<StageResult> results;
    for (size_t i = 0; i < rehearsal->chosen.size(); ++i) {
      result.chosen = rehearsal->chosen[i];
      if (!attack_by_chosen(i == 0 ? "attack" : "judge", &result)) return false;
      results.push_back(result);
    }
    if (!try_presets(&trials)) return false;
    judge_stage(&results);
    record_.trials.push_back(trials);
    return keep(results);
  }

  // Runs the chosen attack of a stage. Returns false where it was stopped.
  bool attack_by_chosen(const std::string& part, StageResult* result) {
    const CandidateAttack& chosen = result->chosen->candidate;
    log_info(fmt::format("{}: {} attacks the hospitals", result->stage.name(), chosen.name));
    result->attacks.clear();
    Attacked attacked;
    const bool done = attack_networks(
        [&](const Config& recorded, int64_t network) {
          const std::string folder = AuditPlan::attack_folder(part, result->stage, network);
          result->attacks.push_back(folder);
          return plan_.of_attack(recorded, result->stage, folder, chosen, result->evaluations);
        },
        &attacked);
    if (!done) return false;
    comm_.agree([&] {
      if (comm_.is_root())
        result->leak = read_leak(attacked.folders, result->stage.kind(), chosen.method);
    });
    return true;
  }

  // Gives each attack on a stage its verdict. One that works with the defense off says what a
  // defense is worth only where the other, which served best under it, found hardly more.
  void judge_stage(std::vector<StageResult>* attacks) const {
    if (!comm_.is_root()) return;
    const DefenseChain defenses = make_settings(plan_.base).defenses;
    const bool answered = unanswered(defenses.traces()).empty();
    const auto with = [&](const LeakNumbers& found, const StageResult& by) {
      return judge(
          {found.identified, found.chance, !defenses.empty(), answered, by.chosen->undefended});
    };
    for (StageResult& one : *attacks) {
      one.verdict = with(*one.leak, one);
      for (const StageResult& other : *attacks)
        if (one.verdict.finding == Finding::kProtects &&
            with(*other.leak, one).finding != Finding::kProtects)
          one.verdict = {
              Finding::kInconclusive,
              fmt::format("{} may identify up to {} of these images", other.chosen->candidate.name,
                          percent(other.leak->identified.high))};
    }
  }

  // Attacks a stage by presets, too. Returns false where it was stopped.
  bool try_presets(StageTrials* trials) {
    const Stage& stage = trials->stage;
    std::vector<CandidateAttack> presets;
    comm_.agree([&] { presets = plan_.presets_for(stage); });
    if (presets.empty()) return true;
    Attacked attacked;
    const bool done = attack_networks(
        [&](const Config& recorded, int64_t network) {
          return plan_.of_presets(recorded, stage,
                                  AuditPlan::attack_folder("presets", stage, network), presets,
                                  record_.budget.of(stage));
        },
        &attacked);
    if (!done) return false;
    comm_.agree([&] {
      for (size_t i = 0; comm_.is_root() && i < presets.size(); ++i) {
        const std::string& method = presets[i].method;
        const LeakNumbers leak = read_leak(attacked.folders, stage.kind(), method);
        trials->presets.push_back(
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
    for (int64_t network = plan_.first_attacked(); network < end(); ++network) {
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

  bool keep(const std::vector<StageResult>& results) {
    record_.stages.insert(record_.stages.end(), results.begin(), results.end());
    write("running");
    return true;
  }

  void write(const std::string& status) {
    record_.status = status;
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      write_with_digest(plan_.folder, "audit.h5", status == "complete",
                        [&] { write_audit(plan_.folder, record_); });
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

}  // namespace medpfl
