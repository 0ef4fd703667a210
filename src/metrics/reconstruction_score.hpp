#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace medpfl {

/// The scores of one true image, compared with the reconstruction matched to it.
struct ImageScore {
  int64_t reconstruction = 0;  ///< index of the matched reconstruction in its batch
  double mse = 0, psnr = 0, ssim = 0, ms_ssim = 0, perceptual_mse = 0, rdlv = 0;
  double ssim_public_mean = 0;  ///< SSIM of the mean public image to the truth
  /// How many distinct candidates are strictly nearer (in MSE) to the reconstruction than the truth
  /// is. 0: the truth is the nearest; -1: no candidates were given.
  int64_t rank_of_truth = -1;
  int64_t candidates = 0;  ///< distinct ones among the candidates that were given

  /// Names its fields; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("reconstruction", &reconstruction);
    f("mse", &mse);
    f("psnr", &psnr);
    f("ssim", &ssim);
    f("ms_ssim", &ms_ssim);
    f("perceptual_mse", &perceptual_mse);
    f("rdlv", &rdlv);
    f("ssim_public_mean", &ssim_public_mean);
    f("rank_of_truth", &rank_of_truth);
    f("candidates", &candidates);
  }
};

/// Whether a reconstruction identifies its image: the truth is the nearest of the candidates, and
/// the reconstruction is more like it (SSIM) than the mean public image is, which anybody has. Who
/// guesses among K candidates meets the first condition with probability 1/K.
bool identified(const ImageScore& score);

/// Matches true images and reconstructions of a batch one-to-one by least total MSE and returns the
/// scores of each true image, in the order of `truth`. Truths of the same bytes are one truth: they
/// share one reconstruction, and as many reconstructions stay without a truth. truth,
/// reconstruction: float32 [B, C, H, W]; public_mean: float32 [C, H, W], the mean public image;
/// candidates: float32 [M, C, H, W], the images among which a truth could hide (its hospital's
/// shard, the truth included), or undefined. A reconstruction with a non-finite value scores as a
/// black image would. Images are clamped to [0, 1]; any device. Throws Error on shapes that do not
/// fit.
std::vector<ImageScore> score_batch(const at::Tensor& truth, const at::Tensor& reconstruction,
                                    const at::Tensor& public_mean, const at::Tensor& candidates);

/// The best scores for one true image among several points that an attack passed, which only
/// someone who knows the truth can choose. Each number is the best on its own.
struct OracleScore {
  double psnr = 0, ssim = 0;

  /// Names its fields; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("psnr", &psnr);
    f("ssim", &ssim);
  }
};

/// Returns the best scores of each true image among the result, whose scores are given, and
/// `points`, each float32 [B, C, H, W] and matched on its own; in the order of `truth`. Other
/// arguments as for score_batch.
std::vector<OracleScore> oracle_scores(const at::Tensor& truth,
                                       const std::vector<ImageScore>& result,
                                       const std::vector<at::Tensor>& points,
                                       const at::Tensor& public_mean);

}  // namespace medpfl
