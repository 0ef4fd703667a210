#include "attacks/matching/decode.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "attack_runs.hpp"
#include "data/warp.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using namespace attack_runs;
using namespace observations;

at::Tensor row(const std::vector<double>& pixels) {
  return at::tensor(pixels, at::kFloat).view({1, 1, 1, -1});
}

TEST(Decode, UnmixTakesTheMeanImageOutAndStaysInRange) {
  const at::Tensor mean = row({0.5, 0.5, 0.2})[0];
  const at::Tensor x = decode({DecodeRule::kUnmix, 0.5}, row({0.6, 0.1, 0.9}), mean);
  EXPECT_TRUE(x.allclose(row({0.7, 0, 1}))) << x;
  EXPECT_TRUE(
      decode({DecodeRule::kUnmix, 1}, row({0.6, 0.1, 0.9}), mean).allclose(row({0.6, 0.1, 0.9})));
  EXPECT_TRUE(decode({}, row({0.6}), at::Tensor()).equal(row({0.6})));
}

TEST(Decode, SignsTakesWhatIsNearerToTheMeanImage) {
  const at::Tensor mean = row({0.2, 0.2, 0.9, 0.5})[0];
  const at::Tensor x = decode({DecodeRule::kSigns, 1}, row({0.7, 0.3, 0.3, 0.6}), mean);
  EXPECT_TRUE(x.allclose(row({0.3, 0.3, 0.7, 0.6}))) << x;
  const at::Tensor unmixed = decode({DecodeRule::kSigns, 0.5}, row({0.7, 0.3, 0.3, 0.6}), mean);
  EXPECT_TRUE(unmixed.allclose(row({0.4, 0.4, 0.5, 0.7}))) << unmixed;
}

TEST(Decode, RegisterUndoesTranslationsAndRotations) {
  const auto [image, label] = phantom_image(32, 3);
  for (const auto& [x, y, angle] : std::vector<std::array<double, 3>>{
           {0.25, 0, 0}, {-0.125, 0.25, 0}, {0, 0, 30}, {0.125, 0, -15}}) {
    const at::Tensor moved = warp(image, rigid_map(x, y, angle));
    const at::Tensor back =
        decode({DecodeRule::kRegister, 1, 0.25, angle == 0 ? 0.0 : 30.0}, moved, image[0]);
    const double before = moved.sub(image).square().mean().item<double>();
    const double after = back.sub(image).square().mean().item<double>();
    EXPECT_LT(after, 0.2 * before) << x << ' ' << y << ' ' << angle;
  }
  // Nothing to undo.
  EXPECT_TRUE(
      decode({DecodeRule::kRegister, 1, 0.25, 0}, image, image[0]).allclose(image, 0, 1e-5));
}

TEST(Decode, WhatLeftTheViewIsTheMeanImage) {
  const auto [image, label] = phantom_image(32, 3);
  const at::Tensor moved = warp(image, rigid_map(0.25, 0, 0));
  const at::Tensor back = decode({DecodeRule::kRegister, 1, 0.25, 0}, moved, image[0]);
  EXPECT_TRUE(back.allclose(image, 0, 1e-4));  // the mean being the truth, so is the strip
}

TEST(Decode, IsAnOptionOfEveryPresetOnTheImagesItEndsWith) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  Observation seen = observe(model, image, {label});
  seen.public_mean = at::full({1, 16, 16}, 0.3, at::kFloat);
  AttackRequest request;
  request.snapshots = {3};
  for (const std::string& preset : matching_presets()) {
    if (needs_statistics(preset)) continue;
    const Options base = {{"labels", "idlg"}, {"iterations", "5"}};
    Options decoded = base;
    decoded.insert(decoded.end(), {{"decode", "unmix"}, {"decode_weight", "0.5"}});
    const auto plain = make_attack(preset, base, request);
    const auto attack = make_attack(preset, decoded, request);
    EXPECT_FALSE(plain->facts().public_mean);
    EXPECT_EQ(plain->facts().decoding, "");
    EXPECT_TRUE(attack->facts().public_mean);
    EXPECT_EQ(attack->facts().decoding, "unmix, weight 0.5");
    const Reconstruction without = run(*plain, model, seen), with = run(*attack, model, seen);
    EXPECT_EQ(without.objective, with.objective);
    const auto unmixed = [](const at::Tensor& x) { return x.sub(0.15).div(0.5).clamp(0, 1); };
    EXPECT_TRUE(with.images.allclose(unmixed(without.images), 0, 1e-5)) << preset;
    EXPECT_FALSE(with.images.allclose(without.images, 0, 1e-2));
    ASSERT_EQ(with.snapshots.size(), 1U);
    EXPECT_TRUE(with.snapshots[0].allclose(unmixed(without.snapshots[0]), 0, 1e-5));
  }
}

}  // namespace
}  // namespace medpfl
