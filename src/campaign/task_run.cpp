#include "campaign/task_run.hpp"

#include <utility>

#include "core/archive.hpp"
#include "core/process.hpp"

namespace medpfl {
namespace {

// Starts of one observation; the key is shared by all methods, so that they start alike.
constexpr int64_t kMaxRestarts = 1 << 20;

StreamKey start_of(const TaskDescription& task, uint64_t seed) {
  const Observation& o = task.observation;
  return {seed, Purpose::kAttackStart, static_cast<uint64_t>(o.round),
          static_cast<uint64_t>(o.client),
          static_cast<uint64_t>((o.probe + 1) * kMaxRestarts + task.restart)};
}

bool spent(const AttackPlan& plan, const AttackProgress& at) {
  return (plan.max_evaluations > 0 && at.evaluations >= plan.max_evaluations) ||
         (plan.max_seconds > 0 && at.seconds >= plan.max_seconds);
}

const ArchiveOrigin kMessage = {"a message about an attack task", "all ranks must run one program"};

void keep(Archive& a, const ParameterLayout& layout, TaskDescription* task) {
  int64_t pause = task->pause.value_or(0);
  a("method", &task->method);
  a("restart", &task->restart);
  a("pause", &pause);
  a.group("observation", [&](Archive& b) { task->observation.keep(b, layout); });
  a("state", &task->state);
  if (a.reading() && pause > 0) task->pause = pause;
}

void keep(Archive& a, TaskOutcome* outcome) {
  a("paused", &outcome->paused);
  a("reconstruction", &outcome->reconstruction);
}

}  // namespace

std::string to_bytes(TaskDescription task) {
  return Archive::write([&](Archive& a) { keep(a, ParameterLayout(), &task); });
}

TaskDescription read_description(const std::string& bytes, const ParameterLayout& layout) {
  TaskDescription task;
  Archive::read(bytes, kMessage, [&](Archive& a) { keep(a, layout, &task); });
  return task;
}

std::string to_bytes(TaskOutcome outcome) {
  return Archive::write([&](Archive& a) { keep(a, &outcome); });
}

TaskOutcome read_outcome(const std::string& bytes) {
  TaskOutcome outcome;
  Archive::read(bytes, kMessage, [&](Archive& a) { keep(a, &outcome); });
  return outcome;
}

std::optional<TaskOutcome> run_task(const Model& model, const AttackPlan& plan, uint64_t seed,
                                    const TaskDescription& task,
                                    const std::function<bool(const AttackProgress&)>& go_on) {
  const Attack& attack = *plan.methods[static_cast<size_t>(task.method)].attack;
  TaskOutcome outcome;
  bool budget = false;
  const MemoryWatch memory;
  auto result = attack.run(model, task.observation, start_of(task, seed), task.state,
                           [&](const AttackProgress& at) {
                             budget = spent(plan, at);
                             if (budget) return AttackOrder::kEnd;
                             if (task.pause && at.iteration >= *task.pause) {
                               outcome.paused = at.save();
                               return AttackOrder::kEnd;
                             }
                             return go_on(at) ? AttackOrder::kGoOn : AttackOrder::kAbandon;
                           });
  if (!result) return std::nullopt;
  outcome.reconstruction = std::move(*result);
  if (budget) outcome.reconstruction.status = "budget";
  outcome.reconstruction.memory_growth = memory.growth();
  return outcome;
}

}  // namespace medpfl
