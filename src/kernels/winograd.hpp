#pragma once
#include <cstdint>

#include "kernels/direct_convolution.hpp"

namespace medpfl {

/// Whether the products below run a convolution of this shape on this processor: kernels of 3 by 3,
/// a stride of 1 that keeps the size of the image, a width that is a multiple of 8, an even height
/// and as many channels as repay the transforms (decision 16).
bool have_winograd(const ConvolutionShape& shape);

/// Floats that transformed weights take.
int64_t winograd_weights_size(const ConvolutionShape& shape);

/// Weights [outputs, channels, 3, 3] as both products below read them, in an order of their own.
void transform_weights(const ConvolutionShape& shape, const float* w, float* transformed);

/// y = x * w by minimal filtering, F(2 x 2, 3 x 3) of Lavin and Gray (arXiv 1509.09308): 16
/// products of numbers for 4 results, where the sum itself takes 36. Tensors are contiguous
/// float32; y is overwritten. Bits depend on neither the number of threads nor the rest of the
/// batch.
void winograd_convolve(const ConvolutionShape& shape, const float* x, const float* transformed,
                       float* y);

/// dL/dx of e = dL/dy, likewise.
void winograd_convolve_back(const ConvolutionShape& shape, const float* e, const float* transformed,
                            float* dx);

/// dL/dw of e = dL/dy, summed over the batch, likewise: the adjoint of that filtering.
void winograd_correlate(const ConvolutionShape& shape, const float* e, const float* x, float* dw);

}  // namespace medpfl
