#include "metrics/look_alikes.hpp"

#include <ATen/ops/cat.h>

#include <limits>

#include "metrics/image.hpp"
#include "metrics/image_distance.hpp"

namespace medpfl {

std::vector<int64_t> nearest_images(const at::Tensor& truth, const at::Tensor& images) {
  const at::Tensor real = clamped_images(truth), among = clamped_images(images);
  const int64_t pixels = real[0].numel();
  std::vector<int64_t> nearest;
  for (int64_t i = 0; i < real.size(0); ++i) {
    double least = std::numeric_limits<double>::infinity();
    nearest.push_back(0);
    for (int64_t j = 0; j < among.size(0); ++j) {
      const double distance = squared_distance(real.data_ptr<float>() + i * pixels,
                                               among.data_ptr<float>() + j * pixels, pixels, least);
      if (!(distance < least)) continue;
      least = distance;
      nearest.back() = j;
    }
  }
  return nearest;
}

std::vector<int64_t> count_near_duplicates(const at::Tensor& truth, const at::Tensor& candidates) {
  const at::Tensor all = clamped_images(at::cat({truth, candidates}));
  const std::vector<int64_t> first = first_equal(all);
  std::vector<int64_t> counts;
  for (int64_t i = 0; i < truth.size(0); ++i) {
    counts.push_back(0);
    for (int64_t j = 0; j < all.size(0); ++j) {
      const bool again = first[static_cast<size_t>(j)] != j;
      if (again || first[static_cast<size_t>(i)] == j) continue;
      if (ssim_reaches(all[i], all[j], kNearDuplicateSsim)) ++counts.back();
    }
  }
  return counts;
}

}  // namespace medpfl
