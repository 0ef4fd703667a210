#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace medpfl {

/// Scores of one true image against the reconstruction matched to it.
struct ImageScore {
  int64_t reconstruction = 0;  ///< index of the matched reconstruction in its batch
  double mse = 0, psnr = 0, ssim = 0, rdlv = 0;
  /// Distinct candidates strictly nearer (in MSE) to the reconstruction than the truth is; 0: the
  /// truth is the nearest; -1: unknown, no candidates were given.
  int64_t rank_of_truth = -1;

  /// Names its fields; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("reconstruction", &reconstruction);
    f("mse", &mse);
    f("psnr", &psnr);
    f("ssim", &ssim);
    f("rdlv", &rdlv);
    f("rank_of_truth", &rank_of_truth);
  }
};

/// Matches a batch one-to-one by least total MSE and scores each true image, in the order of
/// `truth`. Truths of the same bytes are one truth: they share one reconstruction, and as many
/// reconstructions stay without a truth. truth, reconstruction: float32 [B, C, H, W]; public_mean:
/// float32 [C, H, W], the mean public image; candidates: float32 [M, C, H, W], the images among
/// which a truth could hide (its hospital's shard, the truth included), or undefined. A
/// reconstruction with a non-finite value scores as a black image would. Images are clamped to [0,
/// 1]; any device. Throws Error on shapes that do not fit.
std::vector<ImageScore> score_batch(const at::Tensor& truth, const at::Tensor& reconstruction,
                                    const at::Tensor& public_mean, const at::Tensor& candidates);

/// What the best of several points an attack passed would have scored for one true image, had
/// somebody known the truth. Each number is the best on its own.
struct OracleScore {
  double psnr = 0, ssim = 0;

  /// Names its fields; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("psnr", &psnr);
    f("ssim", &ssim);
  }
};

/// Of the result, whose scores are given, and of `points`, each float32 [B, C, H, W] and matched on
/// its own; in the order of `truth`. Other arguments as for score_batch.
std::vector<OracleScore> oracle_scores(const at::Tensor& truth,
                                       const std::vector<ImageScore>& result,
                                       const std::vector<at::Tensor>& points,
                                       const at::Tensor& public_mean);

}  // namespace medpfl
