#pragma once
#include <cstdint>

#include "kernels/direct_convolution.hpp"

namespace medpfl {

/// Whether the products below run a convolution of this shape on this processor: kernels of 3 by 3,
/// a stride of 1 that keeps the size of the image, a width that is a multiple of 8, an even height
/// and as many channels as repay the transforms (decision 16).
bool have_winograd(const ConvolutionShape& shape);

/// Returns how many floats the transformed weights take.
int64_t winograd_weights_size(const ConvolutionShape& shape);

/// Writes weights [outputs, channels, 3, 3] to `transformed`, in the order in which both
/// convolutions below read them.
void transform_weights(const ConvolutionShape& shape, const float* w, float* transformed);

/// Writes the convolution x * w to y by minimal filtering, F(2 x 2, 3 x 3) of Lavin and Gray (arXiv
/// 1509.09308): 16 products of numbers for 4 results, where the direct sum takes 36. Tensors are
/// contiguous float32; y is overwritten. Bits depend on neither the number of threads nor the rest
/// of the batch.
void winograd_convolve(const ConvolutionShape& shape, const float* x, const float* transformed,
                       float* y);

/// Writes dL/dx likewise, given e = dL/dy.
void winograd_convolve_back(const ConvolutionShape& shape, const float* e, const float* transformed,
                            float* dx);

/// Writes dL/dw, summed over the batch, given e = dL/dy, by the adjoint of that filtering.
void winograd_correlate(const ConvolutionShape& shape, const float* e, const float* x, float* dw);

}  // namespace medpfl
