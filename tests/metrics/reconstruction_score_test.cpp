#include "metrics/reconstruction_score.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/random.hpp"
#include "metrics/image.hpp"

namespace medpfl::reconstruction_score_test {
namespace {

at::Tensor flat(double value, int64_t side = 8) { return at::full({1, side, side}, value); }

at::Tensor noise(uint64_t step, int64_t side = 16) {
  RandomStream stream(StreamKey{3, Purpose::kBenchmark, 0, 0, step});
  at::Tensor out = at::zeros({1, side, side});
  for (int64_t i = 0; i < out.numel(); ++i)
    out.data_ptr<float>()[i] = static_cast<float>(stream.uniform());
  return out;
}

TEST(ReconstructionScore, FindsAShuffledBatch) {
  const at::Tensor truth = at::stack({noise(0), noise(1), noise(2)});
  const at::Tensor found = at::stack({noise(2), noise(0), noise(1)});
  const auto scores = score_batch(truth, found, flat(0.5, 16), at::Tensor());
  ASSERT_EQ(scores.size(), 3U);
  const int64_t expected[] = {1, 2, 0};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(scores[i].reconstruction, expected[i]);
    EXPECT_DOUBLE_EQ(scores[i].mse, 0);
    EXPECT_DOUBLE_EQ(scores[i].psnr, 100);
    EXPECT_NEAR(scores[i].ssim, 1, 1e-12);
    EXPECT_EQ(scores[i].rank_of_truth, -1);
  }
}

TEST(ReconstructionScore, ScoresAreThoseOfTheMetrics) {
  const at::Tensor truth = noise(0), found = noise(1), public_mean = flat(0.5, 16);
  const auto scores =
      score_batch(truth.unsqueeze(0), found.unsqueeze(0), public_mean, at::Tensor());
  EXPECT_NEAR(scores[0].mse, mse(truth, found), 1e-12);
  EXPECT_NEAR(scores[0].psnr, psnr_from_mse(mse(truth, found)), 1e-9);
  EXPECT_DOUBLE_EQ(scores[0].ssim, ssim(truth, found));
  EXPECT_DOUBLE_EQ(scores[0].rdlv, rdlv(ssim(truth, found), ssim(truth, public_mean)));
  EXPECT_DOUBLE_EQ(scores[0].ms_ssim, ms_ssim(truth, found));
  EXPECT_DOUBLE_EQ(scores[0].perceptual_mse, perceptual_mse(truth, found));
  EXPECT_DOUBLE_EQ(scores[0].ssim_public_mean, ssim(truth, public_mean));
}

TEST(ReconstructionScore, TheOracleTakesTheBestOfAllPoints) {
  const at::Tensor truth = at::stack({noise(0), noise(1)}), public_mean = flat(0.5, 16);
  const at::Tensor grey = at::stack({public_mean, public_mean});
  const auto result = score_batch(truth, grey, public_mean, at::Tensor());
  const auto alone = oracle_scores(truth, result, {}, public_mean);
  ASSERT_EQ(alone.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(alone[i].psnr, result[i].psnr);
    EXPECT_EQ(alone[i].ssim, result[i].ssim);
  }
  // A point that has the second image, in the other place, and one that is worse than the result.
  const at::Tensor half = at::stack({noise(1), public_mean}), worse = grey.mul(0);
  const auto best = oracle_scores(truth, result, {half, worse}, public_mean);
  EXPECT_EQ(best[0].psnr, result[0].psnr);
  EXPECT_EQ(best[0].ssim, result[0].ssim);
  EXPECT_DOUBLE_EQ(best[1].psnr, 100);
  EXPECT_NEAR(best[1].ssim, 1, 1e-12);
}

TEST(ReconstructionScore, OneReconstructionNeverServesTwoTruths) {
  // The first reconstruction is the nearest of both truths.
  const at::Tensor truth = at::stack({flat(0.5), flat(0.625)});
  const at::Tensor found = at::stack({flat(0.5625), flat(0.9375)});
  const auto scores = score_batch(truth, found, flat(0.5), at::Tensor());
  EXPECT_EQ(scores[0].reconstruction, 0);
  EXPECT_EQ(scores[1].reconstruction, 1);
  EXPECT_DOUBLE_EQ(scores[0].mse, 0.0625 * 0.0625);
  EXPECT_DOUBLE_EQ(scores[1].mse, 0.3125 * 0.3125);
}

TEST(ReconstructionScore, NonFiniteScoresAsBlack) {
  const at::Tensor truth = at::stack({flat(0.75), flat(0.25)});
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const at::Tensor found = at::stack({flat(0.75), flat(0.25)});
    found.data_ptr<float>()[64 + 5] = bad;
    const at::Tensor original = found.clone();
    const auto scores = score_batch(truth, found, flat(0.5), truth);
    const auto black = score_batch(truth, at::stack({flat(0.75), flat(0)}), flat(0.5), truth);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(scores[i].reconstruction, static_cast<int64_t>(i));
      EXPECT_DOUBLE_EQ(scores[i].mse, black[i].mse);
      EXPECT_DOUBLE_EQ(scores[i].ssim, black[i].ssim);
      EXPECT_EQ(scores[i].rank_of_truth, black[i].rank_of_truth);
    }
    EXPECT_DOUBLE_EQ(scores[1].mse, 0.0625);
    EXPECT_FLOAT_EQ(found.data_ptr<float>()[64], 0.25F) << "the caller's tensor was changed";
  }
}

TEST(ReconstructionScore, RankOfTruthCountsOnlyNearerCandidates) {
  const at::Tensor truth = flat(0.5).unsqueeze(0), found = flat(0.75).unsqueeze(0);
  // Two nearer, the truth at 0.25, a tie at 0.25, one farther.
  const at::Tensor candidates =
      at::stack({flat(0.625), flat(0.5), flat(0.875), flat(1.0), flat(0.0)});
  EXPECT_EQ(score_batch(truth, found, flat(0.5), candidates)[0].rank_of_truth, 2);
  EXPECT_EQ(score_batch(truth, truth, flat(0.5), candidates)[0].rank_of_truth, 0);
  EXPECT_EQ(score_batch(truth, truth, flat(0.5), candidates)[0].candidates, 5);
  // 1.75 is seen as 1, at 0.5 from the truth: 0.625, 0.875 and 1 are nearer.
  const at::Tensor outside = flat(1.75).unsqueeze(0);
  EXPECT_EQ(score_batch(truth, outside, flat(0.5), candidates)[0].rank_of_truth, 3);
  EXPECT_EQ(score_batch(truth, found, flat(0.5), candidates.narrow(0, 1, 1))[0].rank_of_truth, 0);
}

TEST(ReconstructionScore, RankCountsEachDistinctImageOnce) {
  // Images of the batch that are also in the shard are given twice.
  const at::Tensor truth = at::stack({flat(0.5), flat(0.625)});
  const at::Tensor found = at::stack({flat(0.75), flat(1.0)});
  const at::Tensor once = at::stack({flat(0.5), flat(0.625), flat(0.875)});
  const at::Tensor twice = at::cat({truth, once, once});
  const auto expected = score_batch(truth, found, flat(0.5), once);
  const auto scores = score_batch(truth, found, flat(0.5), twice);
  EXPECT_EQ(expected[0].rank_of_truth, 2);
  EXPECT_EQ(expected[1].rank_of_truth, 1);
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(scores[i].rank_of_truth, expected[i].rank_of_truth);
}

TEST(ReconstructionScore, EqualTruthsAreOne) {
  // The image that is there twice was read; the last reconstruction is a leftover.
  const at::Tensor truth = at::stack({noise(0), noise(1), noise(0)});
  const at::Tensor found = at::stack({noise(1), noise(0), flat(0.5, 16)});
  const auto scores = score_batch(truth, found, flat(0.5, 16), truth);
  const int64_t expected[] = {1, 0, 1};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(scores[i].reconstruction, expected[i]);
    EXPECT_DOUBLE_EQ(scores[i].psnr, 100);
    EXPECT_EQ(scores[i].rank_of_truth, 0);
  }
}

TEST(ReconstructionScore, RankOverManyLargeCandidates) {
  // More candidates than one chunk, more pixels than one block of the sum, an odd number of them.
  const int64_t side = 45, count = 150;
  std::vector<at::Tensor> shard;
  for (int64_t i = 0; i < count; ++i) shard.push_back(noise(static_cast<uint64_t>(i), side));
  const at::Tensor candidates = at::stack(shard);
  const at::Tensor found = noise(1000, side).mul(0.8).add(shard[17].mul(0.2));
  int64_t expected = 0;
  for (const at::Tensor& candidate : shard)
    if (mse(candidate, found) < mse(shard[140], found)) ++expected;
  EXPECT_GT(expected, 0);
  const auto scores =
      score_batch(shard[140].unsqueeze(0), found.unsqueeze(0), flat(0.5, side), candidates);
  EXPECT_EQ(scores[0].rank_of_truth, expected);
  EXPECT_EQ(score_batch(shard[17].unsqueeze(0), found.unsqueeze(0), flat(0.5, side), candidates)[0]
                .rank_of_truth,
            0);
}

TEST(ReconstructionScore, ShapesMustFit) {
  const at::Tensor batch = at::zeros({2, 1, 8, 8}), public_mean = at::zeros({1, 8, 8});
  EXPECT_THROW(score_batch(batch, at::zeros({1, 1, 8, 8}), public_mean, at::Tensor()), Error);
  EXPECT_THROW(score_batch(batch, batch, batch, at::Tensor()), Error);
  EXPECT_THROW(score_batch(at::zeros({0, 1, 8, 8}), at::zeros({0, 1, 8, 8}), public_mean, {}),
               Error);
  try {
    score_batch(batch, batch, public_mean, at::zeros({5, 3, 8, 8}));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("candidates [5, 3, 8, 8]"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace medpfl::reconstruction_score_test
