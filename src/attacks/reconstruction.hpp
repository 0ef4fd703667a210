#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/archive.hpp"

namespace medpfl {

/// What an attack made of one observation from one start.
struct Reconstruction {
  at::Tensor images;            ///< float32 [B, C, H, W] in [0, 1]
  std::vector<int64_t> labels;  ///< [B], as inferred, given or optimized
  std::string status;           ///< the criterion that ended it, a word of kStatusWords
  /// What the attack makes least, before decoding: the whole weighted objective, or a criterion of
  /// its own. The attacker chooses among restarts by it; infinity: never finite.
  double objective = 0;
  /// The distance of gradients alone at the same images, by the attack's own measure and without
  /// its weight; infinity: never finite; NaN: the attack measures none.
  double matching_loss = std::numeric_limits<double>::quiet_NaN();
  int64_t iterations = 0, evaluations = 0;
  double seconds = 0;
  /// Bytes by which the process's resident memory grew at most; -1: unknown. Not the attack's to
  /// fill in.
  int64_t memory_growth = -1;
  std::vector<int64_t> trace_iterations;
  std::vector<double> trace;        ///< objective at those iterations
  std::vector<std::string> terms;   ///< names of the parts whose sum it is; empty: not told
  std::vector<double> trace_terms;  ///< [iterations, terms], weights included
  std::vector<int64_t> snapshot_iterations;
  std::vector<at::Tensor> snapshots;  ///< each float32 [B, C, H, W] in [0, 1]

  /// Writes or reads all of it.
  void keep(Archive& a);
};

/// The words of `status`, with what each says.
inline const std::string kStatusWords =
    "below-stop-loss | verified (closed form: every image) | unread (closed form: no image) | "
    "flat (no slope of the objective) | stalled (no descent) | patience (used up) | unimproved "
    "(its start is the best) | finished (all iterations) | diverged | budget (used up) | "
    "dropped (by halving)";

}  // namespace medpfl
