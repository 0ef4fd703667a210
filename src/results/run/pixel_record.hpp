#pragma once
#include <string>

#include "data/pixels.hpp"
#include "h5/file.hpp"

namespace medpfl {

/// The public images that a run keeps, in run.h5.
inline const std::string kPublicImages = "/data/public";

/// Notes in /data of run.h5, which must exist, what the images are: attributes `black_level` and
/// `white_level`, the levels of the source that are 0 and 1, where images are real numbers; neither
/// where they are uint8.
void write_pixel_format(h5::File* file, const PixelFormat& format);

/// Returns the pixel format that write_pixel_format noted.
PixelFormat read_pixel_format(const h5::File& file);

}  // namespace medpfl
