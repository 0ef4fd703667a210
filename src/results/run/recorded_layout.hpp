#pragma once
#include "core/flat_parameters.hpp"
#include "h5/file.hpp"

namespace medpfl {

/// Returns the layout of the network's parameters that a run holds in /model. Throws FormatError.
ParameterLayout recorded_layout(const h5::File& run);

}  // namespace medpfl
