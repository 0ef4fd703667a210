#include "data/pixels.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "core/error.hpp"

namespace medpfl::pixels_test {
namespace {

SourceImage image_of(const std::vector<double>& levels, double white) {
  return {at::tensor(levels, at::kDouble).view({1, 1, -1}), white};
}

std::vector<float> values(const at::Tensor& image) {
  const at::Tensor flat = image.contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

TEST(ParseWindow, TakesTwoLevelsOrAuto) {
  EXPECT_FALSE(parse_window("auto").has_value());
  const auto window = parse_window(" -1000 , 400.5 ");
  ASSERT_TRUE(window.has_value());
  EXPECT_EQ(window->low, -1000);
  EXPECT_EQ(window->high, 400.5);
  for (const char* text :
       {"", "4095", "0,1,2", "5,5", "9,1", "0,nan", "0,inf", "0x1,2", "a,b", "-1e308,1e308"}) {
    try {
      parse_window(text);
      ADD_FAILURE() << text;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("data.window=" + std::string(text)),
                std::string::npos);
    }
  }
}

TEST(PixelFormat, EightBitsStayAndAllElseIsReal) {
  const PixelFormat bytes = pixel_format({}, 255);
  EXPECT_FALSE(bytes.deep);
  EXPECT_EQ(bytes.type(), at::kByte);
  EXPECT_EQ(bytes.bytes(), 1);
  const PixelFormat deep = pixel_format({}, 65535);
  EXPECT_EQ(deep.type(), at::kFloat);
  EXPECT_EQ(deep.bytes(), 4);
  EXPECT_EQ(deep.window.high, 65535);
  const PixelFormat windowed = pixel_format(Window{50, 100}, 255);
  EXPECT_TRUE(windowed.deep);
  EXPECT_EQ(windowed.window.low, 50);
}

TEST(InFormat, EveryLevelOf16BitsCanBeToldAgain) {
  const PixelFormat format = pixel_format({}, 65535);
  std::vector<double> levels;
  for (int level = 0; level < 65536; ++level) levels.push_back(level);
  const std::vector<float> pixels = values(in_format(image_of(levels, 65535), {}, format));
  EXPECT_EQ(pixels.front(), 0);
  EXPECT_EQ(pixels.back(), 1);
  for (size_t i = 0; i < levels.size(); ++i)
    ASSERT_EQ(std::lround(double{pixels[i]} * 65535), static_cast<long>(i));
}

TEST(InFormat, AWindowSaysWhatIsBlackAndWhiteAndCutsOffTheRest) {
  const Window window{-100, 300};
  const at::Tensor pixels =
      in_format(image_of({-500, -100, 0, 100, 300, 4000}, 0), window, pixel_format(window, 0));
  EXPECT_EQ(values(pixels), std::vector<float>({0, 0, 0.25F, 0.5F, 1, 1}));
}

TEST(InFormat, ImagesOf8BitsAreAsWhiteAmongDeeperOnes) {
  const PixelFormat format = pixel_format({}, 65535);
  const SourceImage image{at::full({1, 1, 1}, 51, at::kByte)};
  EXPECT_EQ(values(in_format(image, {}, format)), std::vector<float>({0.2F}));
  EXPECT_TRUE(in_format(image, {}, PixelFormat()).equal(image.levels));
}

TEST(InFormat, AnImageThatIsDeeperThanItsDataSetIsRefused) {
  EXPECT_THROW(in_format(image_of({1}, 65535), {}, PixelFormat()), DataError);
}

TEST(ToUnitRange, DividesBytesBy255AndLeavesRealNumbers) {
  const at::Tensor unit = to_unit_range(at::full({1, 1, 1, 2}, 51, at::kByte));
  EXPECT_EQ(unit.scalar_type(), at::kFloat);
  EXPECT_FLOAT_EQ(unit.data_ptr<float>()[1], 0.2F);
  EXPECT_TRUE(to_unit_range(unit).equal(unit));
  EXPECT_THROW(to_unit_range(unit.to(at::kDouble)), Error);
}

}  // namespace
}  // namespace medpfl::pixels_test
