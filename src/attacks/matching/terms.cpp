#include "attacks/matching/terms.hpp"

#include "attacks/matching/network_priors.hpp"
#include "attacks/matching/priors.hpp"

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

std::vector<Term> make_terms(const MatchingSettings& settings, const Model& model,
                             const Observation& observation, const std::vector<int64_t>& labels) {
  std::vector<Term> terms;
  for (size_t i = 0; i < priors().size(); ++i)
    if (settings.prior_weights[i] > 0)
      terms.push_back({priors()[i].name, settings.prior_weights[i], on_pixels(priors()[i])});
  if (settings.label_fit > 0)
    terms.push_back(label_fit_term(settings.label_fit, model, observation, labels));
  const NetworkPriorOptions& network = settings.network_priors;
  if (network.bn_statistics > 0 && (network.bn_target == StatisticsSource::kUpdate ||
                                    !untouched_statistics(model, observation.weights)))
    terms.push_back(bn_statistics_term(network, model, observation));
  if (network.feature_match > 0)
    terms.push_back(feature_match_term(network, model, observation, labels));
  return terms;
}

}  // namespace medpfl
