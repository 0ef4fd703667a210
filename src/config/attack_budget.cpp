#include "config/attack_budget.hpp"

namespace medpfl {

std::vector<std::pair<std::string, std::string>> budget_options(int64_t evaluations) {
  const std::string n = std::to_string(evaluations);
  return {{"attack.max_evaluations", n}, {"attack.iterations", n}, {"attack.max_seconds", "0"}};
}

}  // namespace medpfl
