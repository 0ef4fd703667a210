#include "attacks/objective.hpp"

#include <fmt/format.h>

#include "attacks/vector_math.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

class SquaredDistance final : public Objective {
 public:
  explicit SquaredDistance(bool relative) : relative_(relative) {}

  double evaluate(const float* dummy, const float* observed, int64_t n,
                  float* derivative) const override {
    double scale = 1;
    if (relative_) {
      const double energy = dot(observed, observed, n);
      if (energy > 0) scale = 1 / energy;
    }
    const auto factor = static_cast<float>(2 * scale);
    for (int64_t i = 0; i < n; ++i) derivative[i] = dummy[i] - observed[i];
    const double distance = dot(derivative, derivative, n);
    for (int64_t i = 0; i < n; ++i) derivative[i] *= factor;
    return scale * distance;
  }

 private:
  bool relative_;
};

}  // namespace

std::vector<std::string> objective_names() { return {"l2", "relative-l2"}; }

std::unique_ptr<Objective> make_objective(const std::string& name) {
  if (name == "l2") return std::make_unique<SquaredDistance>(false);
  if (name == "relative-l2") return std::make_unique<SquaredDistance>(true);
  throw ConfigError(fmt::format("unknown objective '{}'", name));
}

}  // namespace medpfl
