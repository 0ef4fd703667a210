#include "audit/budget.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "audit/rehearsal.hpp"
#include "config/adaptation.hpp"
#include "config/settings.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "metrics/leak_summary.hpp"
#include "models/differentiator.hpp"
#include "models/model.hpp"

namespace medpfl {
namespace {

// What is measured in peace is slower beside other ranks, and files and starts take their time.
constexpr double kForAttacks = 0.7;

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// The time of training on so many ranks.
double training_seconds(const AuditCost& cost, int ranks) {
  return cost.training / static_cast<double>(std::min<int64_t>(ranks, cost.clients));
}

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

at::Tensor gray_images(const Model& model, int64_t n) {
  const ImageShape& shape = model.input();
  at::Tensor images = at::full({n, shape.channels, shape.height, shape.width}, 0.5, at::kFloat);
  // Images that differ, so that no gradient vanishes by symmetry.
  for (int64_t i = 0; i < n; ++i)
    images[i].mul_(static_cast<double>(i + 1) / static_cast<double>(n));
  return images;
}

// A message of an untrained network, which costs an attack what a real one costs.
struct MadeUp {
  MadeUp(const Settings& settings, const Model& model, int64_t images, int64_t steps,
         int64_t step) {
    observation.weights = initial_weights(model, settings.init, settings.seeds.server);
    observation.gradient = FlatParameters(model.layout());
    observation.batch = images;
    observation.steps = steps;
    observation.local_batch = step;
    observation.rate = settings.federation.learning_rate;
    observation.known_labels.assign(static_cast<size_t>(images), 0);
    observation.public_mean = gray_images(model, 1)[0];
    const Differentiator differentiator(model, observation.weights);
    const auto start = Clock::now();
    differentiator.gradient(gray_images(model, images), at::zeros({images}, at::kLong),
                            &observation.gradient);
    gradient_seconds = seconds_since(start);
  }
  Observation observation;
  double gradient_seconds = 0;  // of one gradient of all images
};

// Returns the seconds that an evaluation of each candidate takes on such a message.
std::vector<double> measure(const Config& base, const std::vector<CandidateAttack>& candidates,
                            int64_t classes, int64_t images, int64_t steps, int64_t step) {
  std::vector<double> out;
  for (const CandidateAttack& one : candidates) {
    end_if_stop_signalled();
    Config config = base;
    one.assign(&config, kRehearsal);
    adapt_attacks(&config);
    out.push_back(seconds_per_evaluation(config, classes, images, steps, step));
  }
  return out;
}

// Returns how many evaluations of a kind of message fit into so many seconds.
int64_t affordable(double seconds, double seconds_each, const std::string& kind) {
  if (seconds_each <= 0) return kMostEvaluations;
  const double n = std::min(seconds / seconds_each, static_cast<double>(kMostEvaluations));
  if (n < static_cast<double>(kFewestEvaluations))
    log_warning(fmt::format(
        "the audit will take longer than --minutes: an attack on {}s gets {} evaluations, without "
        "which it could not succeed, and {:.0f} would fit",
        kind, kFewestEvaluations, n));
  return std::max(kFewestEvaluations, static_cast<int64_t>(n));
}

}  // namespace

double seconds_per_evaluation(const Config& config, int64_t classes, int64_t images, int64_t steps,
                              int64_t step) {
  const Settings settings = make_settings(config);
  const Model model = make_model(config, settings, classes);
  const MadeUp message(settings, model, images, steps, step);
  const Attack& attack = *settings.attack.methods.front().attack;
  // The first iteration prepares; the rest is measured for a while.
  constexpr double kLongEnough = 0.3;
  constexpr int64_t kEnough = 40;
  Clock::time_point start = Clock::now();
  int64_t before = -1, counted = 0;
  double seconds = 0;
  attack.run(model, message.observation, {}, "", [&](const AttackProgress& at) {
    if (before < 0) {
      before = at.evaluations;
      start = Clock::now();
      return AttackOrder::kGoOn;
    }
    counted = at.evaluations - before;
    seconds = seconds_since(start);
    const bool enough = seconds > kLongEnough || counted >= kEnough || stop_signalled();
    return enough ? AttackOrder::kAbandon : AttackOrder::kGoOn;
  });
  // A closed form reports no iterations, and costs next to nothing.
  return counted > 0 ? seconds / static_cast<double>(counted) : 0;
}

AuditCost measure_cost(const AuditPlan& plan, const MessageSizes& sizes, int64_t classes) {
  const Settings settings = make_settings(plan.base);
  const Model model = make_model(plan.base, settings, classes);
  const MadeUp batch(settings, model, sizes.step, 1, sizes.step);
  AuditCost out;
  out.clients = sizes.clients;
  const int64_t federations = plan.first_attacked() + plan.networks;
  out.training = batch.gradient_seconds * static_cast<double>(federations * sizes.training_steps);
  const auto stages = plan.stages();
  for (const bool probes : {false, true}) {
    const auto of_kind = std::count_if(stages.begin(), stages.end(),
                                       [&](const Stage& s) { return s.probes == probes; });
    if (of_kind == 0) continue;
    const Stage stage{0, probes};
    const Config base = plan.of_rehearsal(stage, "measured", 1, kMostEvaluations);
    const int64_t images = probes ? sizes.probe : sizes.shard;
    const int64_t steps =
        probes || sizes.step == 0 ? 1 : (sizes.shard + sizes.step - 1) / sizes.step;
    const auto costs_of = [&](const std::vector<CandidateAttack>& attacks) {
      return measure(base, attacks, classes, images, steps, sizes.step);
    };
    const std::vector<double> costs = costs_of(plan.candidates(stage));
    if (costs.empty()) continue;
    const RehearsalCounts counts = count_rehearsal(stage, static_cast<int64_t>(costs.size()));
    const int64_t attacked = plan.networks * sizes.clients * (probes ? plan.probes : 1);
    // Which attack serves best is not known yet: one of the usual cost is assumed.
    const double each =
        sum(costs) * static_cast<double>(counts.messages_of_all) +
        median(costs) * static_cast<double>(counts.tasks_of_best + counts.control + attacked) +
        sum(costs_of(plan.presets_for(stage))) * static_cast<double>(attacked);
    (probes ? out.of_probes : out.of_updates) = each * static_cast<double>(of_kind);
  }
  return out;
}

Budget budget_for(const AuditCost& cost, double minutes, int ranks) {
  const double given = 60 * minutes * ranks;
  const double left = given - training_seconds(cost, ranks) * ranks;
  double seconds = std::max(kForAttacks * left, 0.1 * given);
  if (cost.of_updates && cost.of_probes) seconds /= 2;
  Budget budget;
  if (cost.of_updates) budget.of_update = affordable(seconds, *cost.of_updates, "update");
  if (cost.of_probes) budget.of_probe = affordable(seconds, *cost.of_probes, "probe");
  return budget;
}

double minutes_for(const AuditCost& cost, const Budget& budget, int ranks) {
  const double attacks = cost.of_updates.value_or(0) * static_cast<double>(budget.of_update) +
                         cost.of_probes.value_or(0) * static_cast<double>(budget.of_probe);
  return (training_seconds(cost, ranks) + attacks / (kForAttacks * ranks)) / 60;
}

}  // namespace medpfl
