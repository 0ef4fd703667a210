#include "campaign/choosing.hpp"

namespace medpfl {

std::optional<size_t> chosen_restart(const std::vector<Standing>& restarts) {
  std::optional<size_t> best;
  for (size_t i = 0; i < restarts.size(); ++i)
    if (restarts[i].finished && (!best || restarts[i].objective < restarts[*best].objective))
      best = i;
  return best;
}

}  // namespace medpfl
