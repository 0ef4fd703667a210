#include "metrics/reconstruction_score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string_view>
#include <unordered_map>

#include "core/error.hpp"
#include "metrics/assignment.hpp"
#include "metrics/image.hpp"

namespace medpfl {
namespace {

constexpr int64_t kLanes = 8;        // independent sums, so that the loop vectorizes
constexpr int64_t kBlock = 1024;     // pixels between two looks at the limit
constexpr int64_t kCandidates = 64;  // converted at once: the shard itself may be large

// Sum of squared differences, or some value >= limit as soon as it is known to reach it. Pixels are
// summed in one fixed order, so that equal images get equal sums.
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

at::Tensor clamped(const at::Tensor& images) {
  return images.detach().to(at::kCPU, at::kFloat).clamp(0, 1).contiguous();
}

// Each image apart: a diverged one costs the others nothing.
at::Tensor without_nonfinite(const at::Tensor& images) {
  at::Tensor out = images.detach().to(at::kCPU, at::kFloat).clone().contiguous();
  const int64_t pixels = out[0].numel();
  for (int64_t i = 0; i < out.size(0); ++i) {
    float* image = out.data_ptr<float>() + i * pixels;
    if (!std::all_of(image, image + pixels, [](float v) { return std::isfinite(v); }))
      std::fill_n(image, pixels, 0.0F);
  }
  return out;
}

std::string shape_of(const at::Tensor& tensor) {
  std::ostringstream text;
  if (tensor.defined())
    text << tensor.sizes();
  else
    text << "undefined";
  return text.str();
}

void check(const at::Tensor& truth, const at::Tensor& reconstruction, const at::Tensor& public_mean,
           const at::Tensor& candidates) {
  const bool batch = truth.defined() && truth.dim() == 4 && truth.numel() > 0;
  const auto of_images = [&](const at::Tensor& t) {
    return t.dim() == 4 && t.sizes().slice(1) == truth.sizes().slice(1);
  };
  if (batch && reconstruction.defined() && reconstruction.sizes() == truth.sizes() &&
      public_mean.defined() && public_mean.sizes() == truth.sizes().slice(1) &&
      (!candidates.defined() || of_images(candidates)))
    return;
  throw Error(
      ExitCode::kInternal,
      fmt::format("images to score do not fit: truth {}, reconstruction {} (both [B, C, H, "
                  "W], not empty), public mean {} ([C, H, W]), candidates {} ([M, C, H, W])",
                  shape_of(truth), shape_of(reconstruction), shape_of(public_mean),
                  shape_of(candidates)));
}

// For each image the first one of the same bytes: itself where there is none before it.
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

// distances[i] is that of truth i to its reconstruction; the rank counts the candidates below it,
// each distinct image once.
void count_nearer(const at::Tensor& given, const at::Tensor& reconstruction,
                  const std::vector<double>& distances, std::vector<ImageScore>* scores) {
  const at::Tensor candidates = given.detach().to(at::kCPU).contiguous();
  const std::vector<int64_t> first = first_equal(candidates);
  const int64_t pixels = reconstruction[0].numel();
  int64_t distinct = 0;
  for (size_t i = 0; i < first.size(); ++i) distinct += first[i] == static_cast<int64_t>(i);
  for (ImageScore& score : *scores) {
    score.rank_of_truth = 0;
    score.candidates = distinct;
  }
  for (int64_t begin = 0; begin < candidates.size(0); begin += kCandidates) {
    const at::Tensor chunk =
        clamped(candidates.narrow(0, begin, std::min(kCandidates, candidates.size(0) - begin)));
    for (size_t i = 0; i < scores->size(); ++i) {
      const float* image = reconstruction.data_ptr<float>() + (*scores)[i].reconstruction * pixels;
      for (int64_t j = 0; j < chunk.size(0); ++j)
        if (first[static_cast<size_t>(begin + j)] == begin + j &&
            squared_distance(chunk.data_ptr<float>() + j * pixels, image, pixels, distances[i]) <
                distances[i])
          ++(*scores)[i].rank_of_truth;
    }
  }
}

}  // namespace

bool identified(const ImageScore& score) {
  return score.rank_of_truth == 0 && score.ssim > score.ssim_public_mean;
}

std::vector<ImageScore> score_batch(const at::Tensor& truth, const at::Tensor& reconstruction,
                                    const at::Tensor& public_mean, const at::Tensor& candidates) {
  check(truth, reconstruction, public_mean, candidates);
  const at::Tensor real = clamped(truth), found = clamped(without_nonfinite(reconstruction));
  const int64_t n = real.size(0), pixels = real[0].numel();
  // Equal truths are one: the rows of the later ones cost nothing, and they share its match.
  const std::vector<int64_t> first = first_equal(real);
  std::vector<double> cost(static_cast<size_t>(n * n));
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n && first[static_cast<size_t>(i)] == i; ++j)
      cost[static_cast<size_t>(i * n + j)] = squared_distance(
          real.data_ptr<float>() + i * pixels, found.data_ptr<float>() + j * pixels, pixels,
          std::numeric_limits<double>::infinity());
  const std::vector<int64_t> match = optimal_assignment(cost, n);

  std::vector<ImageScore> scores(static_cast<size_t>(n));
  std::vector<double> distances(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    const size_t k = static_cast<size_t>(i);
    ImageScore& score = scores[k];
    score.reconstruction = match[static_cast<size_t>(first[k])];
    distances[k] = cost[static_cast<size_t>(first[k] * n + score.reconstruction)];
    score.mse = distances[k] / static_cast<double>(pixels);
    score.psnr = psnr_from_mse(score.mse);
    score.ssim = ssim(real[i], found[score.reconstruction]);
    score.ssim_public_mean = ssim(real[i], public_mean);
    score.rdlv = rdlv(score.ssim, score.ssim_public_mean);
  }
  if (candidates.defined()) count_nearer(candidates, found, distances, &scores);
  return scores;
}

std::vector<OracleScore> oracle_scores(const at::Tensor& truth,
                                       const std::vector<ImageScore>& result,
                                       const std::vector<at::Tensor>& points,
                                       const at::Tensor& public_mean) {
  std::vector<OracleScore> best;
  for (const ImageScore& score : result) best.push_back({score.psnr, score.ssim});
  for (const at::Tensor& point : points) {
    const std::vector<ImageScore> scores = score_batch(truth, point, public_mean, {});
    for (size_t i = 0; i < best.size(); ++i) {
      best[i].psnr = std::max(best[i].psnr, scores[i].psnr);
      best[i].ssim = std::max(best[i].ssim, scores[i].ssim);
    }
  }
  return best;
}

}  // namespace medpfl
