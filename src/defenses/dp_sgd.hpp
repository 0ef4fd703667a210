#pragma once
#include <string>

#include "defenses/round_schedule.hpp"

namespace medpfl {

/// What dp-sgd asks of every local step of a hospital: the gradient of each example is clipped to
/// the L2 norm C = bound, and what the step descends along is (their sum + N(0, (sigma C)^2)) / B,
/// independently in every parameter. Abadi et al. 2016, arXiv:1607.00133; in federated learning
/// Fed-CDP, Wei et al. 2021, arXiv:2107.01154.
struct DpSgd {
  explicit DpSgd(const OptionValues& own);

  RoundSchedule bound;  ///< C
  RoundSchedule sigma;  ///< standard deviation of the noise over C
  /// Every step draws each image of the hospital with probability B / N, and divides by B however
  /// many came; else epochs go through the shard in random order, and the last batch divides by its
  /// own size.
  bool poisson;
  double delta;  ///< at which epsilon is told

  /// "dp-sgd bound=1 sigma=1 sampling=shuffled delta=1e-05".
  std::string describe() const;
};

}  // namespace medpfl
