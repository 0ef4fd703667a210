#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "metrics/reconstruction_score.hpp"
#include "metrics/share.hpp"

namespace medpfl {

// The bounds at or above which an image counts as recovered.
inline constexpr double kSuccessPsnr = 20;  ///< dB
inline constexpr double kSuccessSsim50 = 0.5, kSuccessSsim70 = 0.7, kSuccessSsim90 = 0.9;

/// The score of one true image in a task that the attacker chose.
struct ChosenImage {
  ImageScore score;
  bool label_found = false;  ///< whether its class is among those inferred for the batch
  int64_t image = 0;         ///< a number that equal images have in common
  int64_t cluster = 0;       ///< of Outcome: what makes images depend on each other
  /// Probability that it is identified without the messages; NaN: there are no candidates.
  double chance = std::numeric_limits<double>::quiet_NaN();
  /// Upper bound on the probability that any attack identifies it; NaN: nothing bounds it.
  double identified_bound = std::numeric_limits<double>::quiet_NaN();
  int64_t near_duplicates = 0;  ///< candidates that are, see count_near_duplicates()
};

/// The result and the cost of one task that the attacker chose.
struct ChosenTask {
  double objective = 0, matching_loss = 0;  ///< as in Reconstruction
  int64_t iterations = 0, evaluations = 0;
  double seconds = 0;
  bool diverged = false;
  bool vanished = false;  ///< whether the message's gradient had vanished (kVanishedNorm)
  int64_t client = -1;    ///< hospital whose message it attacked; -1: a sum
};

/// A summary of what one attack recovered: medians over images or over tasks, means where the name
/// says so, and shares of images in [0, 1]. NaN values are left out; a statistic without any value
/// is NaN.
struct LeakSummary {
  int64_t images = 0, tasks = 0;
  int64_t hospitals = 0;               ///< whose messages were attacked; 0 where these are sums
  int64_t diverged = 0, vanished = 0;  ///< tasks with ChosenTask::diverged, vanished
  int64_t near_duplicated = 0;         ///< images with near-duplicates among the candidates
  double mse = 0, psnr = 0, ssim = 0, rdlv = 0;
  double psnr_mean = 0, ssim_mean = 0;
  double psnr_20 = 0, ssim_50 = 0, ssim_70 = 0, ssim_90 = 0;
  double label_accuracy = 0;  ///< share of label_found
  double reidentified = 0;    ///< share whose truth is the nearest candidate, where ranks are known
  Share identified;           ///< share of identified() images under this network
  double chance = 0;          ///< mean of ChosenImage::chance
  double identified_bound = 0;  ///< mean over images; NaN unless all have one
  double candidates = 0;        ///< median of ImageScore::candidates
  double objective = 0, matching_loss = 0, iterations = 0, evaluations = 0, seconds = 0;
};

/// Returns the median of the values that are not NaN (infinity counts), of an even number of them
/// the mean of the middle two; NaN where there is none.
double median(std::vector<double> values);

/// Returns the summary that inspect, sweeps and reports show. `images` are those of `tasks`, in any
/// order.
LeakSummary summarize_leak(const std::vector<ChosenImage>& images,
                           const std::vector<ChosenTask>& tasks);

}  // namespace medpfl
