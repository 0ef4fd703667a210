#include "attacks/matching/generator.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "attacks/attack.hpp"
#include "attacks/optimizers/vector_math.hpp"
#include "core/error.hpp"
#include "metrics/image.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using observations::build;
using observations::observe;
using observations::phantom_image;

using Options = std::vector<std::pair<std::string, std::string>>;
using Shape = std::vector<int64_t>;

struct Started {
  explicit Started(const Shape& shape, int64_t width = 8, at::Device device = at::kCPU)
      : generator(make_generator(shape, width, device)), x(static_cast<size_t>(generator->size())) {
    RandomStream random({7, Purpose::kAttackStart, 0, 0, 0});
    generator->begin(&random, x.data());
  }
  std::unique_ptr<Parametrization> generator;
  std::vector<float> x;
};

TEST(Generator, MakesImagesOfAnySize) {
  for (const Shape& shape : {Shape{1, 1, 32, 32}, Shape{2, 3, 28, 28}, Shape{3, 1, 30, 22},
                             Shape{1, 3, 3, 5}, Shape{1, 1, 224, 224}}) {
    Started made(shape);
    const at::Tensor images = made.generator->images(made.x.data());
    ASSERT_TRUE(images.sizes() == at::IntArrayRef(shape));
    EXPECT_FALSE(images.requires_grad());
    EXPECT_GT(images.min().item<double>(), 0);
    EXPECT_LT(images.max().item<double>(), 1);
    EXPECT_GT(images.std().item<double>(), 0.02);
  }
}

TEST(Generator, EachImageHasANoiseOfItsOwnAndKeepsIt) {
  Started one({2, 1, 16, 16}), other({2, 1, 16, 16});
  EXPECT_EQ(one.x, other.x);
  const at::Tensor images = one.generator->images(one.x.data());
  EXPECT_TRUE(images.equal(other.generator->images(other.x.data())));
  EXPECT_TRUE(images.equal(one.generator->images(one.x.data())));
  EXPECT_FALSE(images[0].equal(images[1]));
  // "cpu:0" stands for a GPU, as in tests/models/device_views_test.cpp.
  Started there({2, 1, 16, 16}, 8, at::Device(at::kCPU, 0));
  EXPECT_TRUE(images.equal(there.generator->images(there.x.data())));
}

// Of f = <c, G(theta)>, c random, along the gradient and by single weights of every tensor.
TEST(Generator, GradientByTheWeightsIsTheSlope) {
  const Shape shape = {2, 3, 12, 14};
  Started made(shape);
  const at::Tensor c = observations::noise_images(2 * 3, 14, 4).narrow(2, 0, 12).contiguous();
  const auto value = [&](const std::vector<float>& x) {
    return made.generator->images(x.data())
        .view({6, 1, 12, 14})
        .mul(c)
        .to(at::kDouble)
        .sum()
        .item<double>();
  };
  value(made.x);
  std::vector<float> gradient(made.x.size());
  made.generator->pull_back(c.data_ptr<float>(), gradient.data());
  const auto n = static_cast<int64_t>(gradient.size());
  const double norm = std::sqrt(dot(gradient.data(), gradient.data(), n));
  ASSERT_GT(norm, 0);
  std::vector<float> ahead = made.x, behind = made.x;
  axpy(1e-3 / norm, gradient.data(), ahead.data(), n);
  axpy(-1e-3 / norm, gradient.data(), behind.data(), n);
  EXPECT_NEAR((value(ahead) - value(behind)) / 2e-3 / norm, 1, 2e-3);
  double worst = 0;
  for (int64_t i = 3; i < n; i += n / 40) {
    const auto at = static_cast<size_t>(i);
    std::vector<float> up = made.x, down = made.x;
    up[at] += 2e-3F;
    down[at] -= 2e-3F;
    const double slope = (value(up) - value(down)) / (static_cast<double>(up[at]) - down[at]);
    worst = std::max(worst, std::abs(slope - gradient[at]));
  }
  EXPECT_LT(worst, 0.02 * norm);
}

std::unique_ptr<Attack> untrained_prior(const Options& set) {
  const auto& entry = attacks().find("untrained-prior");
  OptionValues own = OptionValues::defaults(entry.options);
  for (const auto& [option, value] : set) own.set(option, value);
  AttackRequest request;
  request.snapshots = {0, 2};
  return entry.create(own, request);
}

constexpr StreamKey kStart{1, Purpose::kAttackStart, 0, 0, 0};

TEST(UntrainedPrior, FindsAPhantomScan) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  const Reconstruction result =
      *untrained_prior({{"iterations", "400"}, {"generator_width", "32"}})
           ->run(model, seen, kStart, "", [](const AttackProgress&) { return AttackOrder::kGoOn; });
  EXPECT_EQ(result.labels, std::vector<int64_t>{label});
  EXPECT_GT(psnr_from_mse(mse(result.images, image)),
            psnr_from_mse(mse(result.snapshots[0], image)) + 5);
  EXPECT_GT(psnr_from_mse(mse(result.images, image)), 20);
}

// One channel of the generator serves all; batches; stopped after any iteration.
TEST(UntrainedPrior, StoppedAndContinuedGivesTheSameBits) {
  const Model model = build("lenet-dlg", 12, 4);
  const Observation seen = observe(model, observations::noise_images(2, 12, 5), {1, 3});
  for (const std::string labels : {"known", "joint"}) {
    Observation told = seen;
    told.known_labels = {1, 3};
    const Options options = {{"iterations", "7"},
                             {"generator_width", "4"},
                             {"tv", "0.1"},
                             {"grey", "true"},
                             {"labels", labels}};
    const Reconstruction whole = *untrained_prior(options)->run(
        model, told, kStart, "", [](const AttackProgress&) { return AttackOrder::kGoOn; });
    EXPECT_EQ(whole.evaluations, 7);
    std::string state;
    std::optional<Reconstruction> pieces;
    for (int runs = 0; !pieces; ++runs) {
      ASSERT_LT(runs, 5);
      pieces = untrained_prior(options)->run(model, told, kStart, state,
                                             [&](const AttackProgress& progress) {
                                               if (progress.iteration % 3 != 0)
                                                 return AttackOrder::kGoOn;
                                               state = progress.save();
                                               return AttackOrder::kAbandon;
                                             });
    }
    EXPECT_TRUE(whole.images.equal(pieces->images));
    EXPECT_EQ(whole.labels, pieces->labels);
    EXPECT_EQ(whole.objective, pieces->objective);
    EXPECT_EQ(whole.trace, pieces->trace);
    ASSERT_EQ(pieces->snapshots.size(), 2U);
    EXPECT_TRUE(whole.snapshots[1].equal(pieces->snapshots[1]));
  }
}

std::string refusal(const Options& options) {
  try {
    untrained_prior(options);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(UntrainedPrior, RefusesWhatIsOfPixels) {
  const std::string pixels =
      "parametrization=generator varies weights, so there are no pixels to project or filter, and "
      "its images lie in (0, 1) anyway: leave box and median_every out";
  EXPECT_EQ(refusal({{"box", "true"}}), pixels);
  EXPECT_EQ(refusal({{"median_every", "10"}}), pixels);
  EXPECT_EQ(refusal({{"init", "tile"}}),
            "init gives first pixels, and parametrization=generator starts from random weights: "
            "leave it out");
}

}  // namespace
}  // namespace medpfl
