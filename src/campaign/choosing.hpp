#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace medpfl {

/// How far one restart of an attack has come, as the attacker sees it.
struct Standing {
  bool finished = false;  ///< whether the restart has ended or was dropped
  bool dropped = false;   ///< whether successive halving dropped the restart
  int64_t rung = 0;       ///< rungs of successive halving that the restart has passed
  double objective = 0;   ///< the least value reached; infinity: none was finite
};

/// Returns the index of the restart that the attacker keeps: the finished one of least objective,
/// the first of equals. Returns nothing where none is finished.
std::optional<size_t> chosen_restart(const std::vector<Standing>& restarts);

}  // namespace medpfl
