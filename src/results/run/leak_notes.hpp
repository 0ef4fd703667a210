#pragma once
#include <string>

#include "h5/file.hpp"

namespace medpfl {

/// Returns the lines below a table of /attacks/summary, which must be there: what is counted, by
/// which distance and among how many candidates, which rows are no attacks, which images have
/// near-duplicates, and what no attack is expected to exceed.
std::string leak_notes(const h5::File& run);

}  // namespace medpfl
