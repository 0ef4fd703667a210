#pragma once
#include "core/archive.hpp"
#include "core/flat_parameters.hpp"

namespace medpfl {

/// Writes or reads a vector, with values or without, as group `name`; one that is read gets this
/// layout. Throws FormatError where the archive has a vector of another length.
void keep_flat(Archive& a, const char* name, const ParameterLayout& layout, FlatParameters* vector);

}  // namespace medpfl
