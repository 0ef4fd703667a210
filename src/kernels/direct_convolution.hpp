#pragma once
#include <cstdint>

namespace medpfl {

/// The shape of a convolution of images [batch, channels, height, width] with square kernels
/// [outputs, channels, kernel, kernel], giving [batch, outputs, out_height(), out_width()].
struct ConvolutionShape {
  int64_t batch, channels, height, width, outputs, kernel, stride, padding;
  int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
};

/// Whether the three products below run on this processor (decision 16); they may only be called
/// where they do.
bool have_direct_convolution();

/// Writes the convolution x * w to y. Here and in the two functions below all arrays are contiguous
/// float32, and results are overwritten. Weights are read in place, without a copy in another
/// order: for one small image that copy takes longer than the products. Bits do not depend on the
/// number of threads.
void convolve(const ConvolutionShape& shape, const float* x, const float* w, float* y);

/// Writes dL/dx, given e = dL/dy.
void convolve_back(const ConvolutionShape& shape, const float* e, const float* w, float* dx);

/// Writes dL/dw, summed over the batch, given e = dL/dy.
void correlate(const ConvolutionShape& shape, const float* e, const float* x, float* dw);

}  // namespace medpfl
