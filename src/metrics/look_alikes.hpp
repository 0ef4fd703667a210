#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace medpfl {

/// SSIM to an image from which on another one is a near-duplicate of it.
inline constexpr double kNearDuplicateSsim = 0.9;

/// Returns for each true image the index of the image most like it, which is the one of least mean
/// squared error, the first of equals. truth: float32 [B, C, H, W]; images: float32 [M, C, H, W],
/// M >= 1. Images are clamped to [0, 1]; any device.
std::vector<int64_t> nearest_images(const at::Tensor& truth, const at::Tensor& images);

/// Returns for each true image how many distinct images are near-duplicates of it, among
/// `candidates` and the other true ones: of another image than itself, with an SSIM to it of
/// kNearDuplicateSsim or more. truth: float32 [B, C, H, W]; candidates: float32 [M, C, H, W].
/// Images are clamped to [0, 1]; any device.
std::vector<int64_t> count_near_duplicates(const at::Tensor& truth, const at::Tensor& candidates);

}  // namespace medpfl
