#pragma once
#include "core/flat_parameters.hpp"
#include "core/random.hpp"

namespace medpfl {

/// Scales the whole vector so that its L2 norm is at most `bound` (up to float32 rounding); a
/// shorter vector keeps its bits. The norm is taken over all layers, so the sensitivity is `bound`
/// (Abadi et al. 2016, "Deep Learning with Differential Privacy"). Returns the norm before. Throws
/// NumericError where that is not finite, ConfigError unless 0 < bound < infinity.
double clip_l2(FlatParameters* parameters, double bound);

/// Adds an independent N(0, sigma^2) to every entry, in the order of the buffer. sigma 0 changes
/// nothing and draws nothing. Throws ConfigError unless 0 <= sigma < infinity.
void add_gaussian(FlatParameters* parameters, double sigma, RandomStream* stream);

/// Adds an independent Laplace(0, scale), of standard deviation sqrt(2) scale, to every entry, in
/// the order of the buffer. scale 0 changes nothing and draws nothing. Throws ConfigError unless 0
/// <= scale < infinity.
void add_laplace(FlatParameters* parameters, double scale, RandomStream* stream);

}  // namespace medpfl
