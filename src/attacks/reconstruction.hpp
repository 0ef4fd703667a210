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
  std::vector<int64_t> labels;  ///< [B], inferred, given or optimized
  std::string status;           ///< why the attack ended, a word of kStatusWords
  /// The least value, before decoding, of what the attack minimizes: the whole weighted objective,
  /// or a criterion of its own. The attacker keeps the restart where it is least. Infinity: it was
  /// never finite.
  double objective = 0;
  /// The distance of gradients alone at the same images, by the attack's own measure and without
  /// the measure's weight. Infinity: it was never finite. NaN: the attack measures none.
  double matching_loss = std::numeric_limits<double>::quiet_NaN();
  int64_t iterations = 0, evaluations = 0;
  double seconds = 0;  ///< wall time
  /// Most bytes by which the resident memory of the process grew; -1: unknown. The program that
  /// runs the attack fills this in.
  int64_t memory_growth = -1;
  std::vector<int64_t> trace_iterations;
  std::vector<double> trace;        ///< objective at trace_iterations
  std::vector<std::string> terms;   ///< names of the terms that the objective sums; empty: not told
  std::vector<double> trace_terms;  ///< [trace_iterations, terms], each with its weight
  std::vector<int64_t> snapshot_iterations;
  std::vector<at::Tensor> snapshots;  ///< each float32 [B, C, H, W] in [0, 1]

  /// Writes or reads the reconstruction.
  void keep(Archive& a);
};

/// The words of Reconstruction::status, with what each says.
inline const std::string kStatusWords =
    "below-stop-loss | verified (closed form: every image) | unread (closed form: no image) | "
    "flat (no slope of the objective) | stalled (no descent) | patience (used up) | unimproved "
    "(its start is the best) | finished (all iterations) | diverged | budget (used up) | "
    "dropped (by halving)";

}  // namespace medpfl
