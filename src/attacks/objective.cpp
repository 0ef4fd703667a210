#include "attacks/objective.hpp"

#include "attacks/distance.hpp"
#include "attacks/gradient_view.hpp"

namespace medpfl {
namespace {

class ViewedObjective final : public Objective {
 public:
  ViewedObjective(const ObjectiveOptions& options, const FlatParameters& observed)
      : view_(options.view, observed),
        distance_(make_distance(options.distance, viewed(observed.data()), view_.bounds(),
                                options.kernel_sigma)) {}

  double evaluate(const float* dummy, float* derivative) const override {
    if (view_.whole()) return distance_->evaluate(dummy, derivative);
    std::vector<float> seen = viewed(dummy), own(seen.size());
    const double value = distance_->evaluate(seen.data(), own.data());
    view_.scatter(own.data(), derivative);
    return value;
  }

  Move move(const float* dummy, const float* from, double length, int64_t n,
            float* out) const override {
    if (view_.whole()) return distance_->move(dummy, from, length, out);
    return Objective::move(dummy, from, length, n, out);
  }

 private:
  std::vector<float> viewed(const float* gradient) const {
    if (view_.whole()) return {gradient, gradient + view_.size()};
    std::vector<float> out(static_cast<size_t>(view_.size()));
    view_.gather(gradient, out.data());
    return out;
  }

  GradientView view_;
  std::unique_ptr<Distance> distance_;
};

}  // namespace

Move Objective::move(const float* dummy, const float* from, double length, int64_t n,
                     float* out) const {
  const double value = evaluate(dummy, out);
  return {value, move_along(from, length, n, out)};
}

std::unique_ptr<Objective> make_objective(const ObjectiveOptions& options,
                                          const FlatParameters& observed) {
  return std::make_unique<ViewedObjective>(options, observed);
}

}  // namespace medpfl
