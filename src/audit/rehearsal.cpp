#include "audit/rehearsal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "audit/leak_numbers.hpp"
#include "config/adaptation.hpp"
#include "config/settings.hpp"
#include "core/bytes.hpp"
#include "core/log.hpp"
#include "metrics/verdict.hpp"
#include "study/federated_run.hpp"
#include "sweep/folder.hpp"
#include "sweep/sweep_run.hpp"

namespace medpfl {
namespace {

// Probes that the hospital sends while all candidates are tried, and the best of them. Its update
// is one, of all images, which all candidates try.
constexpr int64_t kProbesOfAll = 6, kProbesOfBest = 16, kBest = 3;

// Whether an attack served better than another. Shares of the few images of all candidates tell
// little, so that there the mean SSIM decides; among the best, what they found does.
bool nearer(const Tried& one, const Tried& other) { return one.ssim > other.ssim; }
bool better(const Tried& one, const Tried& other) {
  const auto found = [](const Tried& t) { return t.identified + t.reidentified; };
  if (one.of_best != other.of_best) return one.of_best;
  return found(one) != found(other) ? found(one) > found(other) : nearer(one, other);
}

class Rehearsing {
 public:
  Rehearsing(const Communicator& comm, const RankPlace& place, const AuditPlan& plan,
             const RehearsalRequest& request)
      : comm_(comm), place_(place), plan_(plan), request_(request) {}

  std::optional<Rehearsal> run() {
    Rehearsal out;
    if (!compare(of_rehearsal("screen", kProbesOfAll), request_.candidates, &out.tried))
      return std::nullopt;
    if (request_.stage.probes && out.tried.size() > 1) {
      std::stable_sort(out.tried.begin(), out.tried.end(), nearer);
      std::vector<CandidateAttack> best;
      for (size_t i = 0; i < out.tried.size() && i < static_cast<size_t>(kBest); ++i)
        best.push_back(out.tried[i].candidate);
      std::vector<Tried> again;
      if (!compare(of_rehearsal("best", kProbesOfBest), best, &again)) return std::nullopt;
      for (Tried& one : again) {
        one.of_best = true;
        const auto before = std::find_if(out.tried.begin(), out.tried.end(), [&](const Tried& t) {
          return t.candidate.name == one.candidate.name;
        });
        *before = one;
      }
      std::stable_sort(out.tried.begin(), out.tried.end(), better);
    }
    if (out.tried.empty())
      throw_agreed("every run of the rehearsal failed; see the messages above");
    out.chosen.push_back({out.tried.front().candidate, std::nullopt});
    if (!find_control()) return out;
    if (!control("undefended", &out.chosen.front())) return std::nullopt;
    const bool judged = out.chosen.front().undefended >= kUndefendedShare;
    if (!judged && !out.tried.front().finds && !find_judge(&out.chosen)) return std::nullopt;
    return out;
  }

 private:
  [[noreturn]] void throw_agreed(const std::string& what) const {
    comm_.agree([&] { throw OutputError(fmt::format("{}: {}", request_.stage.name(), what)); });
    std::abort();  // not reached
  }

  Config of_rehearsal(const std::string& step, int64_t probes) const {
    return plan_.of_rehearsal(request_.stage, step, probes, request_.evaluations);
  }

  // Adds the attack that serves best with the defense off, where it works there. Returns false
  // where it was stopped.
  bool find_judge(std::vector<Chosen>* chosen) {
    std::vector<Tried> off;
    if (!compare(plan_.undefended(of_rehearsal("undefended-screen", kProbesOfAll)),
                 request_.candidates, &off))
      return false;
    if (off.empty() || off.front().candidate.name == chosen->front().candidate.name) return true;
    Chosen judge = {off.front().candidate, std::nullopt};
    if (!control("undefended-judge", &judge)) return false;
    if (judge.undefended >= kUndefendedShare) chosen->push_back(judge);
    return true;
  }

  // Runs each candidate on the same messages, those of `base`, and fills in what they reached, the
  // best first. Returns false where it was stopped.
  bool compare(const Config& base, const std::vector<CandidateAttack>& candidates,
               std::vector<Tried>* tried) {
    SweepRequest sweep;
    if (request_.deadline.over(comm_)) return false;
    sweep.max_walltime = request_.deadline.left();
    const int groups = std::max<int>(1, comm_.size() / static_cast<int>(candidates.size()));
    sweep.ranks_per_point = std::to_string(groups);
    SweepPlan points;
    comm_.agree([&] {
      points = make_plan(base, "the rehearsal", grid_of(candidates), sweep, comm_.size());
      if (comm_.is_root()) SweepFolder(points.output).check(points.base, points.grid_text);
    });
    log_info(fmt::format("{} attacks are rehearsed on public images: {}", candidates.size(),
                         points.output));
    const ExitCode code = [&] {
      const QuietScope quiet;
      return run_sweep(comm_, points, sweep, place_, true);
    }();
    if (code == ExitCode::kInterrupted) return false;
    if (code == ExitCode::kBusy) throw_agreed("another process is at work on it");
    ByteWriter out;
    comm_.agree([&] {
      if (comm_.is_root()) read(points, candidates, &out);
    });
    const std::string bytes = comm_.broadcast(out.take());
    ByteReader in(bytes);
    while (!in.done()) {
      Tried one;
      one.candidate = candidates.at(static_cast<size_t>(in.value<int64_t>()));
      one.images = in.value<int64_t>();
      one.identified = in.value<double>();
      one.reidentified = in.value<double>();
      one.ssim = in.value<double>();
      one.finds = in.value<bool>();
      tried->push_back(one);
    }
    std::stable_sort(tried->begin(), tried->end(), better);
    return true;
  }

  // What candidates reached whose runs are complete.
  void read(const SweepPlan& points, const std::vector<CandidateAttack>& candidates,
            ByteWriter* out) {
    const SweepFolder folder(points.output);
    for (size_t i = 0; i < candidates.size(); ++i) {
      const auto point = static_cast<int64_t>(i);
      if (const PointState state = folder.read(point); state.status != "complete") {
        log_warning(fmt::format("{}: {} is left out: {}", request_.stage.name(), candidates[i].name,
                                state.error));
        continue;
      }
      const LeakNumbers numbers =
          read_leak({folder.run(point)}, request_.stage.kind(), candidates[i].method);
      out->value(point);
      out->value(numbers.images);
      out->value(numbers.identified.value);
      out->value(numbers.reidentified);
      out->value(numbers.ssim);
      out->value(numbers.identified.low > numbers.chance);
    }
  }

  // Whether there is a defense that can be taken off, and leaves the same network. Collective.
  bool find_control() const {
    bool defended = false;
    comm_.agree([&] {
      const Settings as_attacked = make_settings(plan_.base);
      defended = !as_attacked.defenses.empty() && as_attacked.defenses.network() == nullptr;
    });
    return defended;
  }

  // Tries an attack with the defense off. Returns false where it was stopped.
  bool control(const std::string& step, Chosen* attack) {
    Config config = plan_.undefended(of_rehearsal(step, kProbesOfBest));
    Settings settings;
    comm_.agree([&] {
      attack->candidate.assign(&config, kRehearsal);
      adapt_attacks(&config);
      settings = make_settings(config);
    });
    if (request_.deadline.over(comm_)) return false;
    log_info(fmt::format("{}: {} is rehearsed with the defense off", request_.stage.name(),
                         attack->candidate.name));
    const ExitCode code = [&] {
      const QuietScope quiet;
      return run_federation({comm_, config, settings, place_}, {true, request_.deadline.left()});
    }();
    if (code != ExitCode::kOk) return false;
    double share = 0;
    comm_.agree([&] {
      if (comm_.is_root())
        share = read_leak({settings.output}, request_.stage.kind(), attack->candidate.method)
                    .identified.value;
    });
    comm_.broadcast(&share, sizeof share);
    attack->undefended = share;
    return true;
  }

  const Communicator& comm_;
  const RankPlace& place_;
  const AuditPlan& plan_;
  const RehearsalRequest& request_;
};

}  // namespace

RehearsalCounts count_rehearsal(const Stage& stage, int64_t candidates) {
  RehearsalCounts out;
  out.messages_of_all = stage.probes ? kProbesOfAll : 1;
  out.tasks_of_best = stage.probes ? kProbesOfBest * std::min(kBest, candidates) : int64_t{0};
  out.control = stage.probes ? kProbesOfBest : 1;
  return out;
}

std::optional<Rehearsal> rehearse(const Communicator& comm, const RankPlace& place,
                                  const AuditPlan& plan, const RehearsalRequest& request) {
  return Rehearsing(comm, place, plan, request).run();
}

}  // namespace medpfl
