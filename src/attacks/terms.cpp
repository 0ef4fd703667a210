#include "attacks/terms.hpp"

#include "attacks/priors.hpp"

namespace medpfl {
namespace {

Term::Function on_pixels(const Prior& prior) {
  return [&prior](const at::Tensor& images, double weight, float* gradient) {
    const ImageView view{images.data_ptr<float>(), images.size(0), images.size(1), images.size(2),
                         images.size(3)};
    return prior.evaluate(view, weight, gradient);
  };
}

}  // namespace

std::vector<Term> make_terms(const MatchingSettings& settings, const Model&, const Observation&,
                             const std::vector<int64_t>&) {
  std::vector<Term> terms;
  for (size_t i = 0; i < priors().size(); ++i)
    if (settings.prior_weights[i] > 0)
      terms.push_back({priors()[i].name, settings.prior_weights[i], on_pixels(priors()[i])});
  return terms;
}

}  // namespace medpfl
