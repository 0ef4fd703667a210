#include "results/run/pixel_record.hpp"

namespace medpfl {
namespace {

constexpr const char* kGroup = "/data";
constexpr const char* kBlack = "black_level";
constexpr const char* kWhite = "white_level";

}  // namespace

void write_pixel_format(h5::File* file, const PixelFormat& format) {
  if (!format.deep) return;
  file->write_attribute(kGroup, kBlack, format.window.low);
  file->write_attribute(kGroup, kWhite, format.window.high);
}

PixelFormat read_pixel_format(const h5::File& file) {
  if (!file.has_attribute(kGroup, kBlack)) return {};
  return {true,
          {file.read_real_attribute(kGroup, kBlack), file.read_real_attribute(kGroup, kWhite)}};
}

}  // namespace medpfl
