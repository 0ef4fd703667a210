#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace medpfl {

/// Mean squared error of two images clamped to [0, 1], any equal shapes; NaN if a pixel is NaN.
double mse(const at::Tensor& a, const at::Tensor& b);

/// -10 log10(MSE) in dB, data range 1, capped at 100; NaN stays NaN.
double psnr_from_mse(double mse);

/// Structural similarity of images float32 [C, H, W], clamped to [0, 1], data range 1: Gaussian
/// window 11 (or the largest odd size that fits a smaller image), sigma 1.5, K1 0.01, K2 0.03,
/// valid region, mean over pixels and channels (Wang et al. 2004). Equals scikit-image's
/// structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False).
double ssim(const at::Tensor& a, const at::Tensor& b);

/// Side of the window ssim() uses for images of this height and width.
int64_t ssim_window(int64_t height, int64_t width);

/// Relative data leakage value (SSIM(x, r) - SSIM(x, prior)) / SSIM(x, prior) from the two
/// similarities; 0 would be a reconstruction no better than the prior image (Das et al. 2023). NaN
/// where the prior's similarity is not above 0: a gain relative to it would have no meaning.
double rdlv(double ssim_reconstruction, double ssim_prior);

}  // namespace medpfl
