#include "campaign/scoring.hpp"

#include <ATen/ops/cat.h>

#include "data/dataset.hpp"
#include "metrics/reconstruction_score.hpp"

namespace medpfl {

void score_task(const AttackCase& of, const at::Tensor& candidates, const at::Tensor& public_mean,
                AttackTask* task) {
  const at::Tensor truth = to_unit_range(of.truth.images);
  // The truth may lie beyond the candidates kept of a large shard, so it is always added.
  const at::Tensor all = at::cat({truth, to_unit_range(candidates)});
  task->scores = score_batch(truth, task->result.images, public_mean, all);
  task->oracle = oracle_scores(truth, task->scores, task->result.snapshots, public_mean);
}

}  // namespace medpfl
