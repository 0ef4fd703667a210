#include "campaign/attack_task.hpp"

namespace medpfl {
namespace {

const char* const kDropped = "dropped";

// Before the first rung and the end there is no result.
bool has_result(const AttackTask& task) { return task.finished || task.rung > 0; }

}  // namespace

Standing standing_of(const AttackTask& task) {
  return {task.finished, task.result.status == kDropped, task.rung, task.result.objective};
}

void drop(AttackTask* task) { task->result.status = kDropped; }

void pack_progress(const AttackTask& task, ByteWriter* out) {
  out->value(task.finished);
  out->value(task.chosen);
  out->value(task.rung);
  out->text(task.state);
  if (!has_result(task)) return;
  pack(task.result, out);
  out->array(task.scores);
  out->array(task.oracle);
}

void unpack_progress(ByteReader* in, AttackTask* task) {
  task->finished = in->value<bool>();
  task->chosen = in->value<bool>();
  task->rung = in->value<int64_t>();
  task->state = in->text();
  if (!has_result(*task)) return;
  task->result = unpack_reconstruction(in);
  task->scores = in->array<ImageScore>();
  task->oracle = in->array<OracleScore>();
}

}  // namespace medpfl
