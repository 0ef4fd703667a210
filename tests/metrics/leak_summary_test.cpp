// Numbers of reference_leak_summary.py.
#include "metrics/leak_summary.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace medpfl {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

ChosenImage image(double mse, double psnr, double ssim, double rdlv, int64_t rank, bool found) {
  ChosenImage out;
  out.score.mse = mse;
  out.score.psnr = psnr;
  out.score.ssim = ssim;
  out.score.rdlv = rdlv;
  out.score.rank_of_truth = rank;
  out.label_found = found;
  return out;
}

TEST(LeakSummary, AgreesWithNumPy) {
  const LeakSummary leak = summarize_leak(
      {image(0.1, 10, 0.1, -0.5, 3, false), image(0.01, 20, 0.5, kNan, 0, true),
       image(0.0004466835921509635, 33.5, 0.7, 0.25, -1, true), image(0, 100, 1, 1, 0, true),
       image(0.010000002, 19.999999, 0.9, 0.75, 12, false)},
      {{0.25, 0.125, 7, 300, 1, false, true, 2},
       {kInfinity, kNan, 7, 17, 1, true},
       {0.125, 0.0625, 7, 40, 1, false, false, 2},
       {0.5, 0.3, 7, 2, 1, false, true, 0}});
  EXPECT_EQ(leak.hospitals, 2);
  EXPECT_EQ(leak.images, 5);
  EXPECT_EQ(leak.tasks, 4);
  EXPECT_EQ(leak.diverged, 1);
  EXPECT_EQ(leak.vanished, 2);
  EXPECT_DOUBLE_EQ(leak.mse, 0.01);
  EXPECT_DOUBLE_EQ(leak.psnr, 20);
  EXPECT_DOUBLE_EQ(leak.ssim, 0.7);
  EXPECT_DOUBLE_EQ(leak.rdlv, 0.5);
  EXPECT_DOUBLE_EQ(leak.psnr_mean, 36.6999998);
  EXPECT_DOUBLE_EQ(leak.ssim_mean, 0.64);
  EXPECT_DOUBLE_EQ(leak.psnr_20, 0.6) << "20 dB is a success, 19.999999 is none";
  EXPECT_DOUBLE_EQ(leak.ssim_50, 0.8);
  EXPECT_DOUBLE_EQ(leak.ssim_70, 0.6);
  EXPECT_DOUBLE_EQ(leak.ssim_90, 0.4);
  EXPECT_DOUBLE_EQ(leak.label_accuracy, 0.6);
  EXPECT_DOUBLE_EQ(leak.reidentified, 0.5) << "of those with a rank";
  EXPECT_DOUBLE_EQ(leak.objective, 0.375);
  EXPECT_DOUBLE_EQ(leak.matching_loss, 0.125);
  EXPECT_DOUBLE_EQ(leak.iterations, 7);
  EXPECT_DOUBLE_EQ(leak.evaluations, 28.5);
  EXPECT_DOUBLE_EQ(leak.seconds, 1);
}

TEST(LeakSummary, JudgesByImagesThatAreNearestAndBetterThanTheMean) {
  std::vector<ChosenImage> images(4, image(0.01, 20, 0.6, 0.2, 0, true));
  for (size_t i = 0; i < images.size(); ++i) {
    images[i].image = images[i].cluster = static_cast<int64_t>(i);
    images[i].score.ssim_public_mean = 0.5;
    images[i].score.candidates = 24;
  }
  images[1].score.rank_of_truth = 1;
  images[2].score.ssim = 0.5;
  const LeakSummary leak = summarize_leak(images, {});
  EXPECT_DOUBLE_EQ(leak.identified.value, 0.5);
  EXPECT_DOUBLE_EQ(leak.reidentified, 0.75);
  EXPECT_DOUBLE_EQ(leak.candidates, 24);
  EXPECT_DOUBLE_EQ(leak.identified.effective, 4);
  for (ChosenImage& one : images) one.image = one.cluster = 7;
  const LeakSummary same = summarize_leak(images, {});
  EXPECT_EQ(same.identified.images, 1) << "one image, attacked four times";
  EXPECT_DOUBLE_EQ(same.identified.effective, 1);
}

TEST(LeakSummary, BoundsTheShareByTheMeanOnlyWhereEachImageIsBounded) {
  std::vector<ChosenImage> images(2, image(0.01, 20, 0.6, 0.2, 0, true));
  images[0].identified_bound = 0.25;
  EXPECT_TRUE(std::isnan(summarize_leak(images, {}).identified_bound));
  images[1].identified_bound = 0.75;
  EXPECT_DOUBLE_EQ(summarize_leak(images, {}).identified_bound, 0.5);
}

TEST(LeakSummary, IsNoNumberWhereNothingIsKnown) {
  const LeakSummary none = summarize_leak({}, {});
  EXPECT_EQ(none.images, 0);
  for (const double value : {none.psnr, none.ssim_mean, none.psnr_20, none.objective})
    EXPECT_TRUE(std::isnan(value));
  const LeakSummary one = summarize_leak({image(0.1, 10, 0.1, kNan, -1, false)}, {});
  EXPECT_TRUE(std::isnan(one.rdlv));
  EXPECT_TRUE(std::isnan(one.reidentified));
  EXPECT_DOUBLE_EQ(one.label_accuracy, 0);
}

TEST(LeakSummary, MedianCountsInfinityAndNoNan) {
  EXPECT_DOUBLE_EQ(median({3, kNan, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(median({4, 1}), 2.5);
  EXPECT_EQ(median({1, kInfinity, kInfinity}), kInfinity);
  EXPECT_TRUE(std::isnan(median({kNan})));
}

}  // namespace
}  // namespace medpfl
