#include "study/forewarnings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "attacks/matching/network_priors.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "results/folder/room.hpp"
#include "study/file_estimate.hpp"

namespace medpfl {

void warn_of_untested(const Settings& settings) {
  for (const std::string& line : settings.attack.not_tested) log_warning("not tested: " + line);
}

void warn_of_local_steps(const Settings& settings, int64_t steps) {
  // Of a sum nobody's steps can be simulated.
  if (steps <= 1 || settings.attack.sums) return;
  std::vector<std::string> weak;
  for (const AttackPlan::Method& method : settings.attack.methods) {
    const AttackFacts facts = method.attack->facts();
    // What is no search has no such option.
    if (!method.kinds.updates || facts.iterations <= 1) continue;
    if (facts.update != UpdateRule::kGradient) return;
    weak.push_back(method.name);
  }
  if (!weak.empty())
    log_warning(fmt::format(
        "an update is of up to {} local steps, and {} {} it for one gradient, which makes a weak "
        "attack: attack.NAME.update=unroll and attack.method=sme are made for such updates",
        steps, join(weak, ", "), weak.size() > 1 ? "take" : "takes"));
}

void warn_of_small_shards(const Settings& settings, const FederatedData& data) {
  const AttackTargets& targets = *settings.targets;
  if (targets.probes == 0 || settings.attack.methods.empty()) return;
  const int64_t needed = targets.probes * targets.probe_batch;
  int64_t small = 0;
  for (int64_t h = 0; h < data.client_count(); ++h)
    if (targets.clients.contains(h) && data.shard_sizes[static_cast<size_t>(h)] < needed) ++small;
  if (small > 0)
    log_warning(
        fmt::format("{} attacked hospitals hold fewer than the {} distinct images that "
                    "attack.probes asks for; they send fewer probes, and none where one batch of "
                    "attack.probe_batch is more than they hold{}",
                    small, needed, targets.kinds.updates ? "" : ": those are not attacked"));
}

namespace {

void warn_of_inexact_entries(const AttackPlan::Method& method, const Settings& settings) {
  const std::optional<SingleImage> single = method.attack->facts().single_image;
  if (!single || !single->exact) return;
  const std::string option = fmt::format("attack.{}.{}", method.name, single->option);
  log_warning(
      fmt::format("{0}={1} reads numbers from single entries of the message, which {2} makes "
                  "inexact: it holds where these entries are large beside the noise; {0}={3} "
                  "assumes nothing of them",
                  option, single->value, settings.defenses.describe(), single->instead));
}

}  // namespace

void warn_of_defenses(const Settings& settings) {
  const std::vector<AttackPlan::Method>& methods = settings.attack.methods;
  if (settings.defenses.traces().inexact())
    for (const AttackPlan::Method& method : methods) warn_of_inexact_entries(method, settings);
  if (methods.empty() || std::any_of(methods.begin(), methods.end(),
                                     [](const AttackPlan::Method& m) { return m.adapted; }))
    return;
  if (const std::string nothing = unanswered(settings.defenses.traces()); !nothing.empty()) {
    log_warning(fmt::format(
        "not tested: no attack here has an answer to {}, which the defenses ({}) leave; "
        "what they do not find another may",
        nothing, settings.defenses.describe()));
    return;
  }
  log_warning(
      fmt::format("not tested: none of the attacks ({}) is adapted to the defenses ({}); what they "
                  "do not find another may: add an attack by matching, such as "
                  "inverting-gradients, and leave attack.adapt=auto",
                  join(settings.written.methods), settings.defenses.describe()));
}

void warn_of_untouched_statistics(const Settings& settings, const Model& model,
                                  const FlatParameters& global) {
  const ParameterLayout& layout = model.layout();
  if (layout.trainable() == layout.size() || settings.norm_mode != NormMode::kEval ||
      !untouched_statistics(model, global))
    return;
  log_warning(fmt::format(
      "batch normalization of {0} normalizes nothing in this run: its statistics are still 0 and "
      "1, and model.norm_mode=eval leaves them so; a deep network hardly learns. Set "
      "model.norm_mode=train, model.{0}.norm=group, or model.weights to those of a trained one",
      model.name()));
}

void announce_files(const RunContext& context, const FederatedStudy& study) {
  const Settings& s = context.settings;
  context.comm.agree([&] {
    if (!context.comm.is_root()) return;
    const RunCounts counts =
        count_run(s, study.data, *study.model, *study.algorithm, context.comm.size());
    const FileSizes sizes = estimate_files(s, study.data, *study.model, counts);
    if (s.capture.gradients != CapturedMessages::kNone)
      log_info(describe_capture(sizes.capture, s.capture));
    check_room(s.output, room_needs(sizes));
  });
}

}  // namespace medpfl
