#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/flat_parameters.hpp"
#include "h5/file.hpp"

namespace medpfl {

/// Returns the layout of the network's parameters that a run holds in /model. Throws FormatError.
ParameterLayout recorded_layout(const h5::File& run);

/// Returns a recorded row as parameters of the layout. Throws FormatError, which names the file,
/// where it has not as many values.
template <class T>
FlatParameters recorded_parameters(const ParameterLayout& layout, const std::vector<T>& row,
                                   const std::string& file) {
  if (static_cast<int64_t>(row.size()) != layout.size())
    throw FormatError(
        fmt::format("{}: {} recorded values do not fit the {} of /model; the file is "
                    "damaged",
                    file, row.size(), layout.size()));
  FlatParameters out(layout);
  std::copy(row.begin(), row.end(), out.data());
  return out;
}

}  // namespace medpfl
