#include "campaign/attack_task.hpp"

namespace medpfl {
namespace {

const char* const kDropped = "dropped";

}  // namespace

Standing standing_of(const AttackTask& task) {
  return {task.finished, task.result.status == kDropped, task.rung, task.result.objective};
}

void drop(AttackTask* task) { task->result.status = kDropped; }

void AttackTask::keep_result(Archive& a) {
  a("state", &state);
  a("result", &result);
  a.table("scores", &scores);
  a.table("oracle", &oracle);
}

}  // namespace medpfl
