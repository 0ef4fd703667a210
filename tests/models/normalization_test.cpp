#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "models/model.hpp"

namespace medpfl {
namespace {

Model model_of(const std::string& name, const Normalization& normalization, int64_t channels,
               int64_t imprint_rows = 0) {
  const auto& entry = models().find(name);
  ModelRequest request;
  request.input = {channels, 12, 12};
  request.classes = 3;
  request.normalization = normalization;
  request.imprint_rows = imprint_rows;
  return entry.create(OptionValues::defaults(entry.options), request);
}

at::Tensor some_images(int64_t channels) {
  at::Tensor images = at::empty({2, channels, 12, 12}, at::kFloat);
  RandomStream random({5, Purpose::kPhantom, 0, 0, 0});
  for (int64_t i = 0; i < images.numel(); ++i)
    images.data_ptr<float>()[i] = static_cast<float>(random.uniform());
  return images;
}

std::string refusal(const std::string& text, int64_t channels) {
  try {
    parse_normalization(text, channels);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(Normalization, ReadsWordsAndNumbers) {
  EXPECT_TRUE(parse_normalization("none", 3).mean.empty());
  EXPECT_EQ(parse_normalization("imagenet", 3).mean, (std::vector<double>{0.485, 0.456, 0.406}));
  EXPECT_EQ(parse_normalization("imagenet", 3).deviation,
            (std::vector<double>{0.229, 0.224, 0.225}));
  const Normalization grey = parse_normalization("imagenet", 1);
  ASSERT_EQ(grey.mean.size(), 1U);
  EXPECT_NEAR(grey.mean[0], 0.449, 1e-12);
  EXPECT_NEAR(grey.deviation[0], 0.226, 1e-12);
  const Normalization all = parse_normalization("0.5, 0.25", 3);
  EXPECT_EQ(all.mean, (std::vector<double>{0.5, 0.5, 0.5}));
  EXPECT_EQ(all.deviation, (std::vector<double>{0.25, 0.25, 0.25}));
  const Normalization each = parse_normalization("0.1,0.2,0.3,1,2,3", 3);
  EXPECT_EQ(each.mean, (std::vector<double>{0.1, 0.2, 0.3}));
  EXPECT_EQ(each.deviation, (std::vector<double>{1, 2, 3}));
}

TEST(Normalization, RefusesWhatIsNone) {
  const std::string instead =
      "; give none, imagenet, or the means and then the standard deviations, one or "
      "data.channels=3 of each: 0.5,0.25";
  EXPECT_EQ(refusal("0.5", 3), "model.normalize=0.5: 1 numbers" + instead);
  EXPECT_EQ(refusal("1,2,3,4", 3), "model.normalize=1,2,3,4: 4 numbers" + instead);
  EXPECT_EQ(refusal("", 3), "model.normalize=: 0 numbers" + instead);
  EXPECT_EQ(refusal("0.5,0", 3), "model.normalize=0.5,0: the deviation 0 is not above 0" + instead);
  EXPECT_EQ(refusal("0.5,x", 3), "model.normalize=0.5,x: 'x' is no number" + instead);
  EXPECT_EQ(refusal("0.5,1e999", 3), "model.normalize=0.5,1e999: '1e999' is no number" + instead);
}

// The networks themselves are tested against PyTorch.
TEST(Normalization, IsWhatTheNetworkSees) {
  for (const int64_t channels : {1, 3})
    for (const std::string name : {"lenet-dlg", "convnet-small", "resnet20"}) {
      SCOPED_TRACE(name + ", channels " + std::to_string(channels));
      const Normalization constants = parse_normalization("imagenet", channels);
      const Model plain = model_of(name, {}, channels);
      const Model normalized = model_of(name, constants, channels);
      EXPECT_EQ(normalized.layout().size(), plain.layout().size());
      const FlatParameters weights = initial_weights(plain, {InitKind::kXavier, 1}, 3);
      EXPECT_TRUE(
          weights.buffer().equal(initial_weights(normalized, {InitKind::kXavier, 1}, 3).buffer()));
      const at::Tensor images = some_images(channels);
      std::vector<at::Tensor> planes;
      for (int64_t c = 0; c < channels; ++c) {
        const auto i = static_cast<size_t>(c);
        planes.push_back(images.narrow(1, c, 1)
                             .sub(static_cast<float>(constants.mean[i]))
                             .div(static_cast<float>(constants.deviation[i])));
      }
      EXPECT_TRUE(normalized.forward(weights.views(), images)
                      .equal(plain.forward(weights.views(), at::cat(planes, 1))));
      EXPECT_FALSE(normalized.forward(weights.views(), images)
                       .equal(plain.forward(weights.views(), images)));
    }
}

TEST(Normalization, ModelStatesIt) {
  EXPECT_TRUE(model_of("mlp", {}, 3).normalization().mean.empty());
  EXPECT_EQ(model_of("mlp", {}, 3).layers().front().kind, Layer::Kind::kFlatten);
  const Model model = model_of("mlp", {{0.5, 0.25, 0}, {1, 2, 4}}, 3);
  EXPECT_EQ(model.normalization().mean, (std::vector<double>{0.5, 0.25, 0}));
  EXPECT_EQ(model.normalization().deviation, (std::vector<double>{1, 2, 4}));
}

// A malicious server's block keeps to pixels.
TEST(Normalization, FollowsAnImprintBlock) {
  const Model model = model_of("lenet-dlg", {{0.5}, {0.25}}, 1, 8);
  EXPECT_EQ(model.layers()[0].kind, Layer::Kind::kImprint);
  EXPECT_EQ(model.layers()[1].kind, Layer::Kind::kNormalize);
}

}  // namespace
}  // namespace medpfl
