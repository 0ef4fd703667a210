#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "data/dataset.hpp"

namespace medpfl {

/// [C, H, W] with C 1 or 3, uint8 or float32 in [0, 1] -> [channels, size, size] of the same type:
/// gray to RGB by repetition, RGB to gray by ITU-R 601 luma, then antialiased bilinear resize (the
/// rule of Pillow's BILINEAR); uint8 is rounded.
at::Tensor fit_image(const at::Tensor& image, int64_t channels, int64_t size);

/// Returns memory for so many images in `format`, [count, channels, size, size]. Throws DataError
/// where this machine has less.
at::Tensor empty_images(int64_t count, const DataRequest& request, const PixelFormat& format);

/// Returns an image of a source as its data set hands it out, [channels, size, size] in `format`,
/// and notes what it saw. Throws DataError where the image is deeper than the format.
at::Tensor prepare_image(const SourceImage& image, const DataRequest& request,
                         const PixelFormat& format, ReadNotes* notes);

}  // namespace medpfl
