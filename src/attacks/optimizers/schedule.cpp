#include "attacks/optimizers/schedule.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"

namespace medpfl {

std::vector<std::string> schedule_names() { return {"constant", "step", "cosine"}; }

double rate_factor(const Schedule& schedule, int64_t iteration) {
  const int64_t n = schedule.iterations;
  if (schedule.name == "constant") return 1;
  if (schedule.name == "step") {
    double factor = 1;
    for (const int64_t eighths : {3, 5, 7})
      if (iteration >= eighths * n / 8) factor *= 0.1;
    return factor;
  }
  if (schedule.name == "cosine") {
    if (iteration < schedule.warmup)
      return static_cast<double>(iteration + 1) / static_cast<double>(schedule.warmup);
    if (iteration >= n) return 0;
    const auto done = static_cast<double>(iteration - schedule.warmup);
    return 0.5 * (1 + std::cos(M_PI * done / static_cast<double>(n - schedule.warmup)));
  }
  throw ConfigError(fmt::format("unknown schedule '{}'", schedule.name));
}

}  // namespace medpfl
