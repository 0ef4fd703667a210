#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace medpfl {

/// Returns the mean squared error of two images of equal shape, clamped to [0, 1]; NaN if a pixel
/// is NaN.
double mse(const at::Tensor& a, const at::Tensor& b);

/// Returns the PSNR, -10 log10(MSE) in dB for data range 1, capped at 100; NaN stays NaN.
double psnr_from_mse(double mse);

/// Returns the structural similarity of images float32 [C, H, W], clamped to [0, 1], data range 1:
/// Gaussian window 11 (or the largest odd size that fits a smaller image), sigma 1.5, K1 0.01, K2
/// 0.03, valid region, mean over pixels and channels (Wang et al. 2004). Equals scikit-image's
/// structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False).
double ssim(const at::Tensor& a, const at::Tensor& b);

/// Returns whether ssim() of two images is at least `least`. Of images that are not it tells after
/// a part of the windows.
bool ssim_reaches(const at::Tensor& a, const at::Tensor& b, double least);

/// Returns the side of the window, in pixels, that ssim() uses for images of this height and width.
int64_t ssim_window(int64_t height, int64_t width);

/// Returns the multi-scale structural similarity (Wang, Simoncelli, Bovik 2003) of images float32
/// [C, H, W], clamped to [0, 1], in [0, 1] with 1 for equal images: the mean over channels of the
/// product of one factor for each scale, to the power of its weight. A scale has half the side of
/// the one before, by the means of blocks of 2 x 2 pixels; an odd last row or column is left out.
/// The factor is the mean over windows of contrast and structure, at the last scale of ssim()'s
/// similarity, which has luminance, too; a mean below 0 counts as 0. There are five scales of
/// weights 0.0448, 0.2856, 0.3001, 0.2363, 0.1333 where the smaller side is 176 pixels or more. A
/// smaller image has those of them at which its smaller side is that of the window, 11, or more,
/// with weights divided by their sum, and always the first: below 22 pixels the value is that of
/// ssim(), with its smaller window below 11, but that a channel below 0 counts as 0.
double ms_ssim(const at::Tensor& a, const at::Tensor& b);

/// Returns the number of scales, 1 to 5, that ms_ssim() has for images of this height and width.
int64_t ms_ssim_scales(int64_t height, int64_t width);

/// Returns the perceptually weighted mean squared error of a reconstruction, both float32
/// [C, H, W], clamped to [0, 1]; in [0, 1], 0 for equal images. It is the mean over channels and
/// the windows of ssim() of the window's squared error, times C2 / (2 V + C2), V being the variance
/// of the truth in the window and C2 = 0.03^2: errors count in full where the truth is flat, and
/// less the more texture masks them. The weight is our reading of Tan et al. 2013 (IEEE TIP 22(11),
/// MSE-SSIM), of which only the abstract could be read: under the additive noise that it names,
/// which keeps the mean, 1 / SSIM - 1 of a window is its squared error over 2 V + C2.
double perceptual_mse(const at::Tensor& truth, const at::Tensor& reconstruction);

/// Returns the relative data leakage value (SSIM(x, r) - SSIM(x, prior)) / SSIM(x, prior) of an
/// image x, given both similarities; 0 means that reconstruction r is no better than the prior
/// image (Das et al. 2023). Returns NaN where the prior's similarity is not above 0.
double rdlv(double ssim_reconstruction, double ssim_prior);

}  // namespace medpfl
