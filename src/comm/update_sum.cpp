#include "comm/update_sum.hpp"

#include "comm/exact_sum.hpp"
#include "comm/fast_sum.hpp"

namespace medpfl {

const Words<SumKind>& words_of(SumKind) {
  static const Words<SumKind> words = {{SumKind::kExact, "exact"}, {SumKind::kFast, "fast"}};
  return words;
}

std::unique_ptr<UpdateSum> make_update_sum(SumKind kind, int64_t n) {
  if (kind == SumKind::kFast) return std::make_unique<FastSum>(n);
  return std::make_unique<ExactSum>(n);
}

}  // namespace medpfl
