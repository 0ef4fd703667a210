#include "campaign/scoring.hpp"

#include <ATen/ops/cat.h>

#include "data/dataset.hpp"
#include "metrics/reconstruction_score.hpp"

namespace medpfl {

std::vector<ImageScore> score_images(const AttackCase& of, const at::Tensor& candidates,
                                     const at::Tensor& reconstruction,
                                     const at::Tensor& public_mean) {
  const at::Tensor truth = to_unit_range(of.truth.images);
  // The truth may lie beyond the candidates kept of a large shard, so it is always added.
  const at::Tensor all = at::cat({truth, to_unit_range(candidates)});
  return score_batch(truth, reconstruction, public_mean, all);
}

void score_task(const AttackCase& of, const at::Tensor& candidates, const at::Tensor& public_mean,
                AttackTask* task) {
  task->scores = score_images(of, candidates, task->result.images, public_mean);
  task->oracle = oracle_scores(to_unit_range(of.truth.images), task->scores, task->result.snapshots,
                               public_mean);
}

}  // namespace medpfl
