#include "defenses/personal_budgets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/text.hpp"

namespace medpfl {

PersonalBudgets::PersonalBudgets(const std::string& text) {
  const auto dots = text.find("..");
  range_ = dots != std::string::npos;
  const std::vector<std::string> words =
      range_ ? std::vector<std::string>{trim(text.substr(0, dots)), trim(text.substr(dots + 2))}
             : split_list(text);
  bool wrong = words.empty();
  for (const std::string& word : words) {
    char* end = nullptr;
    list_.push_back(std::strtod(word.c_str(), &end));
    wrong |= word.empty() || *end != '\0' || !std::isfinite(list_.back()) || list_.back() <= 0;
  }
  wrong |= range_ && list_.front() > list_.back();
  if (wrong)
    throw ConfigError(
        fmt::format("defense.personalized-ldp.epsilon={}: give numbers above 0: one, a list "
                    "(1,2,8), or a range (1..8)",
                    text));
}

double PersonalBudgets::of(int64_t client, uint64_t seed) const {
  if (!range_) return list_[static_cast<size_t>(client) % list_.size()];
  RandomStream stream({seed, Purpose::kPersonalBudget, 0, static_cast<uint64_t>(client), 0});
  return stream.uniform(list_.front(), list_.back());
}

double PersonalBudgets::greatest() const { return *std::max_element(list_.begin(), list_.end()); }

}  // namespace medpfl
