#include "federation/evaluation.hpp"

#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random.hpp"
#include "models/differentiator.hpp"
#include "world.hpp"

namespace medpfl {
namespace {

constexpr int64_t kClasses = 3, kSide = 8;

Model small_model() {
  const auto& entry = models().find("mlp");
  ModelRequest request;
  request.input = {1, kSide, kSide};
  request.classes = kClasses;
  return entry.create(OptionValues::defaults(entry.options), request);
}

at::Tensor test_images(int64_t n) {
  RandomStream random({1, Purpose::kBenchmark, 0, 0, 0});
  std::vector<uint8_t> pixels(static_cast<size_t>(n * kSide * kSide));
  for (uint8_t& p : pixels) p = static_cast<uint8_t>(random.below(256));
  return at::from_blob(pixels.data(), {n, 1, kSide, kSide}, at::kByte).clone();
}

// The test split as one rank holds it: every ranks-th block.
FederatedData test_split(const Communicator& comm, const at::Tensor& images) {
  FederatedData data;
  data.class_names = {"a", "b", "c"};
  for (int64_t i = 0; i < images.size(0); ++i) data.test_labels.push_back(i * i % kClasses);
  const int64_t stride = kEvaluationBlock * comm.size();
  for (int64_t at = kEvaluationBlock * comm.rank(); at < images.size(0); at += stride)
    data.test_blocks.push_back(
        images.narrow(0, at, std::min(kEvaluationBlock, images.size(0) - at)));
  return data;
}

// 200 images: three whole blocks and a part; 40: a single part, so that most ranks have none.
class Evaluation : public ::testing::TestWithParam<int64_t> {};

TEST_P(Evaluation, IsThatOfAllTestImagesOnRankZero) {
  const Communicator comm = world();
  const int64_t n = GetParam();
  const Model model = small_model();
  const FlatParameters weights = initial_weights(model, {InitKind::kNormal, 0.3}, 1);
  const at::Tensor images = test_images(n);
  const FederatedData data = test_split(comm, images);
  const Utility utility = evaluate_global(comm, model, weights, data);
  if (!comm.is_root()) {
    EXPECT_EQ(utility.loss, 0);
    EXPECT_EQ(utility.accuracy, 0);
    return;
  }
  // By hand, image by image; pixels are scaled to [0, 1].
  const Differentiator differentiator(model, weights);
  double loss = 0, right = 0;
  for (int64_t i = 0; i < n; ++i) {
    const at::Tensor image = images.narrow(0, i, 1).to(at::kFloat).div(255);
    const at::Tensor row = differentiator.logits(image).contiguous();
    const float* z = row.data_ptr<float>();
    const auto label = data.test_labels[static_cast<size_t>(i)];
    double sum = 0;
    for (int64_t c = 0; c < kClasses; ++c) sum += std::exp(static_cast<double>(z[c]));
    loss += (std::log(sum) - z[label]) / static_cast<double>(n);
    right += std::max_element(z, z + kClasses) - z == label ? 1 : 0;
  }
  EXPECT_GT(right, 0);
  EXPECT_NEAR(utility.loss, loss, 1e-5 * loss);
  EXPECT_DOUBLE_EQ(utility.accuracy, right / static_cast<double>(n));
}

INSTANTIATE_TEST_SUITE_P(Images, Evaluation, ::testing::Values(40, 64, 200));

// One rank's blocks against the blocks spread over all ranks.
TEST(EvaluationBits, DoNotDependOnTheNumberOfRanks) {
  const Communicator comm = world();
  const Communicator alone(MPI_COMM_SELF);
  const Model model = small_model();
  const FlatParameters weights = initial_weights(model, {InitKind::kNormal, 0.3}, 2);
  const at::Tensor images = test_images(330);
  const Utility shared = evaluate_global(comm, model, weights, test_split(comm, images));
  const Utility single = evaluate_global(alone, model, weights, test_split(alone, images));
  if (!comm.is_root()) return;
  EXPECT_EQ(shared.loss, single.loss);
  EXPECT_EQ(shared.accuracy, single.accuracy);
  EXPECT_EQ(shared.balanced_accuracy, single.balanced_accuracy);
  EXPECT_EQ(shared.auroc, single.auroc);
  EXPECT_EQ(shared.f1, single.f1);
}

}  // namespace
}  // namespace medpfl
