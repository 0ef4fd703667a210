#include "metrics/reconstruction_score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "core/error.hpp"
#include "metrics/assignment.hpp"
#include "metrics/image.hpp"
#include "metrics/image_distance.hpp"

namespace medpfl {
namespace {

constexpr int64_t kCandidates = 64;  // converted at once: the shard itself may be large

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
    const at::Tensor chunk = clamped_images(
        candidates.narrow(0, begin, std::min(kCandidates, candidates.size(0) - begin)));
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

// Each true image with the reconstruction that is its own.
struct Matched {
  std::vector<ImageScore> scores;  // without MS-SSIM, perceptual MSE and candidates
  std::vector<double> distances;   // sums of squared differences
};

// real, found: on the CPU, in [0, 1], finite.
Matched match(const at::Tensor& real, const at::Tensor& found, const at::Tensor& public_mean) {
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

  Matched out{std::vector<ImageScore>(static_cast<size_t>(n)),
              std::vector<double>(static_cast<size_t>(n))};
  for (int64_t i = 0; i < n; ++i) {
    const size_t k = static_cast<size_t>(i);
    ImageScore& score = out.scores[k];
    score.reconstruction = match[static_cast<size_t>(first[k])];
    out.distances[k] = cost[static_cast<size_t>(first[k] * n + score.reconstruction)];
    score.mse = out.distances[k] / static_cast<double>(pixels);
    score.psnr = psnr_from_mse(score.mse);
    score.ssim = ssim(real[i], found[score.reconstruction]);
    score.ssim_public_mean = ssim(real[i], public_mean);
    score.rdlv = rdlv(score.ssim, score.ssim_public_mean);
  }
  return out;
}

}  // namespace

bool identified(const ImageScore& score) {
  return score.rank_of_truth == 0 && score.ssim > score.ssim_public_mean;
}

std::vector<ImageScore> score_batch(const at::Tensor& truth, const at::Tensor& reconstruction,
                                    const at::Tensor& public_mean, const at::Tensor& candidates) {
  check(truth, reconstruction, public_mean, candidates);
  const at::Tensor real = clamped_images(truth),
                   found = clamped_images(without_nonfinite(reconstruction));
  Matched matched = match(real, found, public_mean);
  for (size_t i = 0; i < matched.scores.size(); ++i) {
    ImageScore& score = matched.scores[i];
    const at::Tensor image = real[static_cast<int64_t>(i)], taken = found[score.reconstruction];
    score.ms_ssim = ms_ssim(image, taken);
    score.perceptual_mse = perceptual_mse(image, taken);
  }
  if (candidates.defined()) count_nearer(candidates, found, matched.distances, &matched.scores);
  return matched.scores;
}

std::vector<OracleScore> oracle_scores(const at::Tensor& truth,
                                       const std::vector<ImageScore>& result,
                                       const std::vector<at::Tensor>& points,
                                       const at::Tensor& public_mean) {
  std::vector<OracleScore> best;
  for (const ImageScore& score : result) best.push_back({score.psnr, score.ssim});
  for (const at::Tensor& point : points) {
    check(truth, point, public_mean, {});
    const std::vector<ImageScore> scores =
        match(clamped_images(truth), clamped_images(without_nonfinite(point)), public_mean).scores;
    for (size_t i = 0; i < best.size(); ++i) {
      best[i].psnr = std::max(best[i].psnr, scores[i].psnr);
      best[i].ssim = std::max(best[i].ssim, scores[i].ssim);
    }
  }
  return best;
}

}  // namespace medpfl
