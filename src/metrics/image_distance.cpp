#include "metrics/image_distance.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace medpfl {
namespace {

constexpr int64_t kLanes = 8;     // independent sums, so that the loop vectorizes
constexpr int64_t kBlock = 1024;  // pixels between two looks at the limit

}  // namespace

at::Tensor clamped_images(const at::Tensor& images) {
  return images.detach().to(at::kCPU, at::kFloat).clamp(0, 1).contiguous();
}

double squared_distance(const float* a, const float* b, int64_t n, double limit) {
  double total = 0;
  for (int64_t begin = 0; begin < n && total < limit; begin += kBlock) {
    const int64_t end = std::min(n, begin + kBlock);
    double sums[kLanes] = {};
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes)
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        const double difference = static_cast<double>(a[i + lane]) - b[i + lane];
        sums[lane] += difference * difference;
      }
    for (; i < end; ++i) {
      const double difference = static_cast<double>(a[i]) - b[i];
      sums[0] += difference * difference;
    }
    for (const double sum : sums) total += sum;
  }
  return total;
}

std::vector<int64_t> first_equal(const at::Tensor& images) {
  std::vector<int64_t> first;
  std::unordered_map<std::string_view, int64_t> seen;
  const auto* bytes = static_cast<const char*>(images.data_ptr());
  const int64_t count = images.size(0);
  const size_t size = count > 0 ? images.nbytes() / static_cast<size_t>(count) : 0;
  for (int64_t i = 0; i < count; ++i)
    first.push_back(seen.emplace(std::string_view(bytes + static_cast<size_t>(i) * size, size), i)
                        .first->second);
  return first;
}

}  // namespace medpfl
