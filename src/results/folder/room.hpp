#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace medpfl {

/// How many bytes of each kind of file a run will write, by the kind's name in a sentence.
using RoomNeeds = std::vector<std::pair<std::string, int64_t>>;

/// Throws OutputError when the file system of `folder` (which need not exist yet) has no room for
/// all of `needs`. What lies in the folder already counts as room, since a run replaces it or goes
/// on with it. A file system that does not tell its room is no reason not to run, but
/// a warning.
void check_room(const std::string& folder, const RoomNeeds& needs);

}  // namespace medpfl
