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

/// Returns the relative data leakage value (SSIM(x, r) - SSIM(x, prior)) / SSIM(x, prior) of an
/// image x, given both similarities; 0 means that reconstruction r is no better than the prior
/// image (Das et al. 2023). Returns NaN where the prior's similarity is not above 0.
double rdlv(double ssim_reconstruction, double ssim_prior);

}  // namespace medpfl
