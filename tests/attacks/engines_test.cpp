// The engines against the exact one: every model, soft, hard and fixed labels, one image and four.
#include <gtest/gtest.h>

#include "attacks/matching_engine.hpp"
#include "core/error.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using observations::build;
using observations::noise_images;
using observations::observe;

constexpr int64_t kSize = 16, kClasses = 4;

struct Case {
  std::string model, activation;
};

Model model_of(const Case& c) {
  if (c.model == "mlp") return build("mlp", kSize, kClasses, c.activation, {{"depth", "2"}});
  if (c.model == "convnet")
    return build("convnet", kSize, kClasses, c.activation, {{"width", "8"}, {"groups", "4"}});
  return build(c.model, kSize, kClasses, c.activation);
}

// One way to state the labels of `batch` candidates: hard, soft, or a fixed error.
Candidate candidate_of(const std::string& labels, int64_t batch) {
  Candidate candidate;
  candidate.images = noise_images(batch, kSize, 12);
  std::vector<int64_t> classes;
  for (int64_t b = 0; b < batch; ++b) classes.push_back((3 * b + 1) % kClasses);
  candidate.labels = at::tensor(classes, at::kLong);
  const at::Tensor numbers =
      noise_images(1, 8, 13).flatten().slice(0, 0, batch * kClasses).view({batch, kClasses});
  if (labels == "soft") candidate.label_logits = numbers.mul(3);
  if (labels == "fixed error") candidate.output_error = numbers.sub(0.5);
  return candidate;
}

double relative_error(const at::Tensor& found, const at::Tensor& exact) {
  return (found.sub(exact).norm() / exact.norm()).item<double>();
}

class Engines : public ::testing::TestWithParam<Case> {};

void compare(const std::string& name, const Case& c, double value_bound, double gradient_bound) {
  const Model model = model_of(c);
  ASSERT_TRUE(native_applies(model));
  for (const int64_t batch : {1, 4}) {
    std::vector<int64_t> truth(static_cast<size_t>(batch), 2);
    truth[0] = 1;
    const Observation seen = observe(model, noise_images(batch, kSize, 11), truth);
    for (const std::string objective_name : {"l2", "relative-l2"}) {
      const auto objective = make_objective(objective_name);
      const auto exact = make_exact_engine(model, seen, *objective);
      const auto engine = make_engine(name, model, seen, *objective);
      for (const std::string labels : {"hard", "soft", "fixed error"}) {
        SCOPED_TRACE(objective_name + ", " + labels + ", batch " + std::to_string(batch));
        const Candidate candidate = candidate_of(labels, batch);
        CandidateGradient a, b;
        const double value = exact->evaluate(candidate, &a);
        EXPECT_NEAR(engine->evaluate(candidate, &b), value, value_bound * value);
        ASSERT_TRUE(a.images.sizes() == b.images.sizes());
        ASSERT_GT(a.images.norm().item<double>(), 0);
        EXPECT_LT(relative_error(b.images, a.images), gradient_bound);
        ASSERT_EQ(b.label_logits.defined(), labels == "soft");
        if (labels == "soft") {
          EXPECT_LT(relative_error(b.label_logits, a.label_logits), gradient_bound);
        }
        if (const char* show = std::getenv("SHOW")) {
          (void)show;
          printf("%s %s %s %g\n", name.c_str(), c.model.c_str(), c.activation.c_str(),
                 relative_error(b.images, a.images));
        }
      }
    }
  }
}

TEST_P(Engines, NativeAgreesWithDoubleBackward) { compare("native", GetParam(), 1e-5, 2e-5); }

TEST_P(Engines, PearlmutterAgreesWithDoubleBackward) {
  compare("pearlmutter", GetParam(), 1e-6, 1e-2);
}

INSTANTIATE_TEST_SUITE_P(Models, Engines,
                         ::testing::Values(Case{"lenet-medpfl", "auto"}, Case{"lenet-dlg", "tanh"},
                                           Case{"lenet-dlg", "silu"}, Case{"lenet-cpl", "elu"},
                                           Case{"mlp", "auto"}, Case{"mlp", "sigmoid"},
                                           Case{"mlp", "leaky_relu"}, Case{"convnet", "auto"},
                                           Case{"convnet", "silu"}),
                         [](const auto& test) {
                           std::string name = test.param.model + "_" + test.param.activation;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace medpfl
