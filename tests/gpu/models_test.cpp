// Every network on the device under test and on the CPU, whose numbers tests/models compare with
// plain PyTorch.
#include <ATen/ops/tensor.h>

#include "device.hpp"
#include "models/example_gradients.hpp"

namespace medpfl::models_test {
namespace {

using testing::expect_close;
using testing::smooth_network;
using testing::Twins;

// Each of the two is within 1e-4 of float64 (tests/models/forward_test.cpp).
constexpr double kBound = 2e-4;

class EveryModel : public ::testing::TestWithParam<std::string> {
 protected:
  at::Tensor images_ = observations::noise_images(4, 32, 1);
  at::Tensor labels_ = at::tensor({0, 2, 1, 2}, at::kLong);
};

TEST_P(EveryModel, HasTheLogitsAndGradientsOfTheCpu) {
  for (const NormMode mode : words_of(NormMode()).values()) {
    const Twins model(smooth_network(GetParam(), mode));
    const FlatParameters weights = initial_weights(model.here, {InitKind::kPytorch, 0}, 1);
    FlatParameters expected(model.here.layout()), found(model.here.layout());
    const Differentiator here(model.here, weights), there(model.there, weights);
    const double loss = here.gradient(images_, labels_, &expected);
    EXPECT_NEAR(there.gradient(images_, labels_, &found), loss, kBound * loss);
    expect_close(found.buffer(), expected.buffer(), kBound);
    expect_close(there.logits(images_), here.logits(images_), kBound);
  }
}

TEST_P(EveryModel, HasTheClippedExampleGradientsOfTheCpu) {
  const Twins model(smooth_network(GetParam()));
  const FlatParameters weights = initial_weights(model.here, {InitKind::kPytorch, 0}, 1);
  FlatParameters expected(model.here.layout()), found(model.here.layout());
  std::vector<double> norms, norms_found;
  const ExampleGradients here(model.here, weights), there(model.there, weights);
  here.clipped_sum(images_, labels_, 0.1, &expected, &norms);
  there.clipped_sum(images_, labels_, 0.1, &found, &norms_found);
  expect_close(found.buffer(), expected.buffer(), kBound);
  for (size_t i = 0; i < norms.size(); ++i)
    EXPECT_NEAR(norms_found[i], norms[i], kBound * norms[i]) << i;
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryModel, ::testing::ValuesIn(models().names()),
                         testing::row_name);

}  // namespace
}  // namespace medpfl::models_test
