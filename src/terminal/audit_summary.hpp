#pragma once
#include <cstdint>
#include <string>

#include "h5/file.hpp"

namespace medpfl {

/// Returns how many networks an audit attacked.
int64_t audited_networks(const h5::File& audit);

/// Returns what an audit.h5 holds, as text for a terminal: the verdict first, then what each attack
/// identified.
std::string summarize_audit(const h5::File& audit);

}  // namespace medpfl
