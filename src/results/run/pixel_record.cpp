#include "results/run/pixel_record.hpp"

namespace medpfl {
namespace {

constexpr const char* kDataGroup = "/data";
constexpr const char* kBlack = "black_level";
constexpr const char* kWhite = "white_level";

}  // namespace

void write_pixel_format(h5::File* file, const PixelFormat& format) {
  if (!format.deep) return;
  file->write_attribute(kDataGroup, kBlack, format.window.low);
  file->write_attribute(kDataGroup, kWhite, format.window.high);
}

PixelFormat read_pixel_format(const h5::File& file) {
  if (!file.has_attribute(kDataGroup, kBlack)) return {};
  return {
      true,
      {file.read_real_attribute(kDataGroup, kBlack), file.read_real_attribute(kDataGroup, kWhite)}};
}

}  // namespace medpfl
