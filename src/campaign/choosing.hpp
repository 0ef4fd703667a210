#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace medpfl {

/// How far a restart of a case and method has come, as the attacker sees it.
struct Standing {
  bool finished = false;  ///< it goes on no more: it has ended, or was dropped
  bool dropped = false;   ///< by halving
  int64_t rung = 0;       ///< rungs of successive halving that it has passed
  double objective = 0;   ///< the least it has reached; infinity: none was finite
};

/// Returns the place of the restart that the attacker keeps: of those that are finished the one of
/// least objective, the first of equals, as the attacker knows nothing better. Nothing comes back
/// where none is finished.
std::optional<size_t> chosen_restart(const std::vector<Standing>& restarts);

}  // namespace medpfl
