#include "attacks/matching_target.hpp"

#include "attacks/priors.hpp"

namespace medpfl {

double MatchingTarget::evaluate(const Variables& variables, const float* x, float* out) {
  const Candidate candidate = variables.candidate(x, knowledge_);
  double value = engine_->evaluate(candidate, &gradient_);
  const at::Tensor& images = candidate.images;
  const ImageView view{images.data_ptr<float>(), images.size(0), images.size(1), images.size(2),
                       images.size(3)};
  for (size_t i = 0; i < weights_.size(); ++i)
    if (weights_[i] > 0)
      value +=
          weights_[i] * priors()[i].evaluate(view, weights_[i], gradient_.images.data_ptr<float>());
  variables.collect(gradient_, out);
  return value;
}

}  // namespace medpfl
