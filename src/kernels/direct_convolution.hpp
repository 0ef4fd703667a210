#pragma once
#include <cstdint>

namespace medpfl {

/// A convolution of images [batch, channels, height, width] with square kernels
/// [outputs, channels, kernel, kernel], giving [batch, outputs, out_height(), out_width()].
struct ConvolutionShape {
  int64_t batch, channels, height, width, outputs, kernel, stride, padding;
  int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
};

/// Whether the three products below run on this processor (decision 16); none may be asked for
/// where they do not.
bool have_direct_convolution();

/// y = x * w. As in the two below all are contiguous float32, and results are overwritten. Weights
/// are read where they lie, without a copy in another order: for one small image that copy takes
/// longer than the products. Bits do not depend on the number of threads.
void convolve(const ConvolutionShape& shape, const float* x, const float* w, float* y);

/// dL/dx of e = dL/dy.
void convolve_back(const ConvolutionShape& shape, const float* e, const float* w, float* dx);

/// dL/dw of e = dL/dy, summed over the batch.
void correlate(const ConvolutionShape& shape, const float* e, const float* x, float* dw);

}  // namespace medpfl
