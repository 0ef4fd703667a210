#include "comm/update_sum.hpp"

#include "comm/exact_sum.hpp"
#include "comm/fast_sum.hpp"
#include "core/error.hpp"

namespace medpfl {

std::vector<std::string> update_sum_names() { return {"exact", "fast"}; }

std::unique_ptr<UpdateSum> make_update_sum(const std::string& kind, int64_t n) {
  if (kind == "exact") return std::make_unique<ExactSum>(n);
  if (kind == "fast") return std::make_unique<FastSum>(n);
  throw ConfigError("unknown sum '" + kind + "'; known: exact, fast");
}

}  // namespace medpfl
