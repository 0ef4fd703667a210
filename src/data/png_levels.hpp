#pragma once
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace medpfl {

/// Returns the samples of a PNG file of 16 bits as they are stored, without any conversion of gamma
/// or colors: float64 [C, H, W], C 1 for gray files, else 3; alpha is dropped. `width` and
/// `height` are those of its header. Where libpng cannot read it, `error` gets libpng's words.
at::Tensor read_png_levels(const unsigned char* bytes, size_t size, int64_t width, int64_t height,
                           std::string* error);

}  // namespace medpfl
