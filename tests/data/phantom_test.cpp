#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "core/error.hpp"
#include "data/dataset.hpp"

namespace medpfl {
namespace {

std::vector<OptionSpec> phantom_options() { return datasets().find("phantom").options; }

std::unique_ptr<Dataset> make_phantom(const OptionValues& own, const DataRequest& request) {
  return datasets().find("phantom").create.make(own, request);
}

OptionValues phantom_values(const std::string& modality, int64_t train = 12, int64_t test = 6) {
  OptionValues own = OptionValues::defaults(phantom_options());
  own.set("modality", modality);
  own.set("train", std::to_string(train));
  own.set("test", std::to_string(test));
  return own;
}

DataRequest request_of(int64_t size, int64_t channels, uint64_t seed = 1) {
  DataRequest request;
  request.image_size = size;
  request.channels = channels;
  request.seed = seed;
  return request;
}

/// Every position of a part that no image was left out of.
std::vector<int64_t> all_of(const Manifest::Part& part) { return part.ids; }

/// What `make_phantom` throws, as text.
std::string refusal(const OptionValues& own, const DataRequest& request) {
  try {
    make_phantom(own, request);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Phantom, DefaultsAreFourHundredAndOneHundredMriImages) {
  const auto data = make_phantom(OptionValues::defaults(phantom_options()), request_of(32, 1));
  const Manifest manifest = data->scan();
  EXPECT_EQ(manifest.class_names,
            (std::vector<std::string>{"notumor", "glioma", "meningioma", "pituitary"}));
  EXPECT_EQ(manifest.train.size(), 400);
  EXPECT_EQ(manifest.test.size(), 100);
  EXPECT_EQ(manifest.train.ids[7], 7);
  EXPECT_EQ(manifest.train.labels[7], 3);
  EXPECT_TRUE(manifest.train.files.empty());
}

class PhantomModality : public testing::TestWithParam<std::tuple<std::string, int64_t>> {
 protected:
  std::string modality() const { return std::get<0>(GetParam()); }
  int64_t classes() const { return std::get<1>(GetParam()); }
};

TEST_P(PhantomModality, EveryClassIsInBothSplits) {
  const Manifest manifest = make_phantom(phantom_values(modality()), request_of(8, 1))->scan();
  EXPECT_EQ(manifest.classes(), classes());
  for (const Split split : {Split::kTrain, Split::kTest}) {
    const auto& labels = manifest.part(split).labels;
    const std::set<int64_t> seen(labels.begin(), labels.end());
    EXPECT_EQ(static_cast<int64_t>(seen.size()), classes());
    EXPECT_EQ(*seen.rbegin(), classes() - 1);
  }
}

TEST_P(PhantomModality, ASubsetHasTheBitsOfTheWhole) {
  const auto data = make_phantom(phantom_values(modality()), request_of(32, 1));
  const Manifest manifest = data->scan();
  const at::Tensor whole = data->read(manifest, Split::kTrain, all_of(manifest.train));
  EXPECT_TRUE(at::equal(data->read(manifest, Split::kTrain, {5})[0], whole[5]));
  const at::Tensor two = data->read(manifest, Split::kTrain, {9, 2});
  EXPECT_TRUE(at::equal(two[0], whole[9]));
  EXPECT_TRUE(at::equal(two[1], whole[2]));
}

TEST_P(PhantomModality, AnImageFollowsItsIdNotItsPosition) {
  const auto data = make_phantom(phantom_values(modality()), request_of(16, 1));
  const Manifest manifest = data->scan();
  Manifest kept;
  kept.train.ids = {manifest.train.ids[4]};
  kept.train.labels = {manifest.train.labels[4]};
  EXPECT_TRUE(
      at::equal(data->read(kept, Split::kTrain, {0}), data->read(manifest, Split::kTrain, {4})));
}

TEST_P(PhantomModality, SeedsSplitsAndImagesDiffer) {
  const auto one = make_phantom(phantom_values(modality()), request_of(32, 1, 1));
  const auto two = make_phantom(phantom_values(modality()), request_of(32, 1, 2));
  const Manifest manifest = one->scan();
  const at::Tensor image = one->read(manifest, Split::kTrain, {0});
  EXPECT_FALSE(at::equal(image, two->read(manifest, Split::kTrain, {0})));
  EXPECT_FALSE(at::equal(image, one->read(manifest, Split::kTest, {0})));
  // The same class again.
  EXPECT_FALSE(at::equal(image, one->read(manifest, Split::kTrain, {classes()})));
}

TEST_P(PhantomModality, EverySizeAndChannelCountUsesTheRangeOfGreys) {
  for (const int64_t size : {8, 32, 61})
    for (const int64_t channels : {1, 3}) {
      const auto data = make_phantom(phantom_values(modality()), request_of(size, channels));
      const Manifest manifest = data->scan();
      const at::Tensor images = data->read(manifest, Split::kTest, all_of(manifest.test));
      EXPECT_EQ(images.sizes().vec(), (std::vector<int64_t>{6, channels, size, size}));
      EXPECT_EQ(images.scalar_type(), at::kByte);
      const auto* pixels = images.data_ptr<uint8_t>();
      const int64_t bytes = channels * size * size;
      for (int64_t i = 0; i < images.size(0); ++i) {
        const auto [low, high] = std::minmax_element(pixels + i * bytes, pixels + (i + 1) * bytes);
        EXPECT_GE(*high - *low, 50) << modality() << " image " << i << " of " << size;
        EXPECT_GE(*high, 90) << modality() << " image " << i << " of " << size;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(All, PhantomModality,
                         testing::Values(std::make_tuple("mri", 4), std::make_tuple("xray", 3),
                                         std::make_tuple("dermoscopy", 2)),
                         [](const auto& test) { return std::get<0>(test.param); });

TEST(Phantom, GreyModalitiesRepeatTheirChannelAndColourOnesBecomeLuma) {
  const auto grey = make_phantom(phantom_values("mri"), request_of(32, 1));
  const auto repeated = make_phantom(phantom_values("mri"), request_of(32, 3));
  const Manifest heads = grey->scan();
  const at::Tensor single = grey->read(heads, Split::kTrain, {1})[0][0];
  const at::Tensor triple = repeated->read(heads, Split::kTrain, {1})[0];
  for (int64_t c = 0; c < 3; ++c) EXPECT_TRUE(at::equal(triple[c], single));

  const auto luma = make_phantom(phantom_values("dermoscopy"), request_of(32, 1));
  const auto colour = make_phantom(phantom_values("dermoscopy"), request_of(32, 3));
  const Manifest skins = luma->scan();
  const at::Tensor y = luma->read(skins, Split::kTrain, {1});
  const at::Tensor rgb = colour->read(skins, Split::kTrain, {1});
  const auto* c = rgb.data_ptr<uint8_t>();
  constexpr int64_t kPixels = 32 * 32;
  for (int64_t i = 0; i < kPixels; ++i) {
    const double expected = 0.299 * c[i] + 0.587 * c[kPixels + i] + 0.114 * c[2 * kPixels + i];
    EXPECT_NEAR(y.data_ptr<uint8_t>()[i], expected, 1.01);
  }
  EXPECT_FALSE(at::equal(rgb[0][0], rgb[0][2]));
}

// The lesion of a pituitary tumor lies on the midline, below the center, and is bright.
TEST(Phantom, PituitaryTumoursBrightenTheirPlace) {
  const auto data = make_phantom(phantom_values("mri", 80), request_of(32, 1));
  const Manifest manifest = data->scan();
  double healthy = 0, tumour = 0;
  for (int64_t i = 0; i < manifest.train.size(); i += 4) {
    const auto patch = [&](int64_t position) {
      const at::Tensor image = data->read(manifest, Split::kTrain, {position})[0][0];
      int peak = 0;
      for (int64_t row = 20; row < 24; ++row)
        for (int64_t column = 14; column < 18; ++column)
          peak = std::max<int>(peak, image.data_ptr<uint8_t>()[row * 32 + column]);
      return peak;
    };
    healthy += patch(i);
    tumour += patch(i + 3);
  }
  EXPECT_GT(tumour, 1.2 * healthy);
}

TEST(Phantom, RefusesWhatItCannotDraw) {
  EXPECT_NE(refusal(phantom_values("mri"), request_of(7, 1)).find("7 pixels"), std::string::npos);
  EXPECT_NE(refusal(phantom_values("mri"), request_of(513, 1)).find("[8, 512]"), std::string::npos);
  EXPECT_NE(refusal(phantom_values("mri"), request_of(32, 2)).find("2 channels"),
            std::string::npos);
  DataRequest windowed = request_of(32, 1);
  windowed.window = Window{0, 100};
  EXPECT_NE(refusal(phantom_values("mri"), windowed).find("data.window"), std::string::npos);
  const auto options = phantom_options();
  EXPECT_NE(violation(options[0], "xrai").value_or("").find("did you mean xray?"),
            std::string::npos);
  EXPECT_EQ(violation(options[1], "0"), "'0' is not allowed: it must be integer in [1, 1000000]");
  EXPECT_TRUE(violation(options[1], "9223372036854775807").has_value());
}

TEST(Phantom, APositionOutsideThePartIsADataError) {
  const auto data = make_phantom(phantom_values("mri"), request_of(8, 1));
  const Manifest manifest = data->scan();
  EXPECT_THROW(data->read(manifest, Split::kTest, {6}), DataError);
  EXPECT_THROW(data->read(manifest, Split::kTest, {-1}), DataError);
  EXPECT_EQ(data->read(manifest, Split::kTest, {}).size(0), 0);
}

}  // namespace
}  // namespace medpfl
