#include "attacks/distances/gradient_distance.hpp"

#include "attacks/distances/gradient_view.hpp"
#include "attacks/distances/vector_distance.hpp"

namespace medpfl {
namespace {

class ViewedObjective final : public GradientDistance {
 public:
  ViewedObjective(const DistanceOptions& options, const FlatParameters& observed)
      : view_(options.view, observed),
        distance_(make_vector_distance(options.distance, viewed(observed.data()), view_.bounds(),
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
    return GradientDistance::move(dummy, from, length, n, out);
  }

 private:
  std::vector<float> viewed(const float* gradient) const {
    if (view_.whole()) return {gradient, gradient + view_.size()};
    std::vector<float> out(static_cast<size_t>(view_.size()));
    view_.gather(gradient, out.data());
    return out;
  }

  GradientView view_;
  std::unique_ptr<VectorDistance> distance_;
};

}  // namespace

Move GradientDistance::move(const float* dummy, const float* from, double length, int64_t n,
                            float* out) const {
  const double value = evaluate(dummy, out);
  return {value, move_along(from, length, n, out)};
}

OptionTable<DistanceOptions> distance_options() {
  using D = Option<DistanceOptions>;
  using V = Option<ViewOptions>;
  OptionTable<DistanceOptions> table = {
      {"objective", &DistanceOptions::distance, "distance of gradients"},
      D{"kernel_sigma", &DistanceOptions::kernel_sigma,
        "of objective=kernel: a number, or the variance of the observed gradient, as a "
        "whole or of each layer"}
          .above(0)
          .or_word("global", shortest(kKernelGlobal))
          .or_word("per-layer", shortest(kKernelPerLayer))};
  return table.add(
      &DistanceOptions::view,
      {V{"exclude", &ViewOptions::exclude,
         "parameter tensors left out: names and patterns, fc*,conv1.bias"},
       V{"top_layers", &ViewOptions::top_layers,
         "compare only so many parameter tensors, of largest gradient norm; 0: all"}
           .at_least(0),
       V{"top_entries", &ViewOptions::top_entries,
         "compare only the largest entries of the gradient, in percent"}
           .above(0)
           .between(0, 100),
       V{"nonzero", &ViewOptions::nonzero,
         "compare only entries of the gradient that are not zero"},
       V{"noise_scale", &ViewOptions::noise,
         "known standard deviation of noise on the gradient: layers count by the share of "
         "their energy that it does not explain"}
           .at_least(0)});
}

std::unique_ptr<GradientDistance> make_gradient_distance(const DistanceOptions& options,
                                                         const FlatParameters& observed) {
  return std::make_unique<ViewedObjective>(options, observed);
}

}  // namespace medpfl
