#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace medpfl {

/// Returns the options, with their values, by which each attack task may spend so many evaluations
/// of its objective, and no clock ends it. There are as many iterations: an iteration takes an
/// evaluation at least, so they end no search earlier, and schedules over the iterations end with
/// the budget.
std::vector<std::pair<std::string, std::string>> budget_options(int64_t evaluations);

}  // namespace medpfl
