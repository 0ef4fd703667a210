#pragma once
#include "core/archive.hpp"
#include "core/flat_parameters.hpp"

namespace medpfl {

/// Writes a vector, or one without values, as group `name`; or reads one of this layout. Throws
/// FormatError where the archive has one of another length.
void keep_flat(Archive& a, const char* name, const ParameterLayout& layout, FlatParameters* vector);

}  // namespace medpfl
