#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "h5/file.hpp"
#include "results/run/run_record.hpp"

namespace medpfl {

/// Writes into /rounds what the network was worth beside chance after each round: the interval of
/// its balanced accuracy, and a word. Adds the attribute `chance`.
void write_network_states(h5::File* run, const RunRecord& record);

/// Returns a word for the network before each of `rounds`, which is the one that their messages
/// tell of: untrained | at chance | above chance | not evaluated.
std::vector<std::string> networks_before(const RunRecord& record,
                                         const std::vector<int64_t>& rounds);

/// Returns lines for a terminal that say how good the network of a run with attacks is beside
/// chance after the last round, and which of the attacked ones were untrained or at chance; "" for
/// files before schema 1.4.
std::string network_lines(const h5::File& run);

}  // namespace medpfl
