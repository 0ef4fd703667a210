// An attack on one masked update, as a server sees it that looks at what it receives before it adds
// up.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "attack_runs.hpp"
#include "comm/exact_sum.hpp"
#include "metrics/image.hpp"
#include "observations.hpp"
#include "privacy/masking.hpp"

namespace medpfl::masked_update_test {
namespace {

constexpr int64_t kSize = 16;

// What the server reads out of the integers of one hospital.
FlatParameters as_read(ExactSum* sum, const Model& model) {
  FlatParameters out(model.layout());
  sum->copy_to(out.data(), out.size(), 1);
  return out;
}

double psnr(const FlatParameters& gradient, Observation seen, const Model& model,
            const at::Tensor& image, const std::string& method,
            const attack_runs::Options& options) {
  seen.gradient = gradient;
  const Reconstruction found =
      attack_runs::run(*attack_runs::make_attack(method, options), model, seen);
  return psnr_from_mse(mse(found.images, image));
}

double correlation(const FlatParameters& a, const FlatParameters& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a.data()[i]) * static_cast<double>(b.data()[i]);
  return sum / (a.norm() * b.norm());
}

struct Case {
  std::string method;
  attack_runs::Options options;
};

class MaskedUpdate : public ::testing::TestWithParam<Case> {};

// As close to the image as from pure noise, and no closer; from the plain update, far closer.
TEST_P(MaskedUpdate, TellsAnAttackNothing) {
  const auto& [method, options] = GetParam();
  const auto [image, label] = observations::phantom_image(kSize, 3);
  const Model model = observations::build("lenet-dlg", kSize, 4);
  Observation seen = observations::observe(model, image, {label});
  seen.known_labels = {label};
  const int64_t n = model.layout().size();

  ExactSum sum(n);
  sum.add(seen.gradient.data(), n, 1, "update", 0);
  const FlatParameters plain = as_read(&sum, model);
  add_mask(Key{1}, false, sum.integers(), n);
  const FlatParameters masked = as_read(&sum, model);
  EXPECT_LT(std::abs(correlation(masked, seen.gradient)), 4 / std::sqrt(static_cast<double>(n)));

  const double in_the_open = psnr(plain, seen, model, image, method, options);
  const double hidden = psnr(masked, seen, model, image, method, options);
  std::vector<double> noise;
  for (const uint8_t draw : {2, 3, 4, 5, 6}) {
    ExactSum nothing(n);
    add_mask(Key{draw}, false, nothing.integers(), n);
    noise.push_back(psnr(as_read(&nothing, model), seen, model, image, method, options));
  }
  const auto [worst, best] = std::minmax_element(noise.begin(), noise.end());
  const double spread = std::max(1.0, *best - *worst);
  EXPECT_GT(in_the_open, 20);
  EXPECT_LT(hidden, *best + spread);
  EXPECT_LT(hidden, 12);
}

INSTANTIATE_TEST_SUITE_P(
    Attacks, MaskedUpdate,
    ::testing::Values(Case{"idlg",
                           {{"labels", "known"},
                            {"init", "uniform"},
                            {"line_search", "strong-wolfe"},
                            {"iterations", "60"}}},
                      Case{"inverting-gradients",
                           {{"labels", "known"}, {"iterations", "300"}, {"tv", "1e-4"}}}),
    [](const auto& one) { return one.param.method == "idlg" ? "Idlg" : "InvertingGradients"; });

}  // namespace
}  // namespace medpfl::masked_update_test
