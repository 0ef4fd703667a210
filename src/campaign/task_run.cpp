#include "campaign/task_run.hpp"

#include <utility>

#include "core/bytes.hpp"
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

}  // namespace

std::string to_bytes(const TaskDescription& task) {
  ByteWriter out;
  out.value(task.method);
  out.value(task.restart);
  out.value(task.pause.value_or(0));
  pack(task.observation, &out);
  out.text(task.state);
  return out.take();
}

TaskDescription read_description(const std::string& bytes, const ParameterLayout& layout) {
  ByteReader in(bytes);
  TaskDescription task;
  task.method = in.value<int64_t>();
  task.restart = in.value<int64_t>();
  if (const auto pause = in.value<int64_t>(); pause > 0) task.pause = pause;
  task.observation = unpack_observation(layout, &in);
  task.state = in.text();
  return task;
}

std::string to_bytes(const TaskOutcome& outcome) {
  ByteWriter out;
  out.text(outcome.paused);
  pack(outcome.reconstruction, &out);
  return out.take();
}

TaskOutcome read_outcome(const std::string& bytes) {
  ByteReader in(bytes);
  std::string paused = in.text();
  return {std::move(paused), unpack_reconstruction(&in)};
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
