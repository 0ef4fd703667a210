// The surrogate model extension: an update of many local steps against one gradient of all images,
// taken at w = (1 - a) w0 + a wT, a varied with the images (Zhu, Yao, Blaschko, ICML 2023, arXiv
// 2306.00127).
#include "attacks/engines/gradient_graph.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "attacks/optimizers/vector_math.hpp"

namespace medpfl {
namespace {

class SmeEngine final : public MatchingEngine {
 public:
  SmeEngine(const Model& model, const Observation& observation, const GradientDistance& objective)
      : objective_(objective),
        first_(observation.weights),
        change_(model.layout()),
        weights_(observation.weights),
        graph_(model, weights_),
        dummy_(model.layout()),
        derivative_(model.layout()),
        by_weights_(model.layout()) {
    change_.step(observation.gradient, observation.rate * static_cast<double>(observation.steps));
  }

  double evaluate(const Candidate& candidate, CandidateGradient* gradient) override {
    weights_.buffer().copy_(first_.buffer());
    weights_.add(change_, candidate.surrogate);
    graph_.refresh();
    graph_.record(candidate, &dummy_);
    const double value = objective_.evaluate(dummy_.data(), derivative_.data());
    graph_.pull_back(derivative_, gradient, &by_weights_);
    gradient->surrogate = dot(by_weights_.data(), change_.data(), by_weights_.layout().trainable());
    return value;
  }

 private:
  const GradientDistance& objective_;
  const FlatParameters& first_;
  FlatParameters change_, weights_;
  GradientGraph graph_;
  FlatParameters dummy_, derivative_, by_weights_;
};

}  // namespace

std::unique_ptr<MatchingEngine> make_sme_engine(const Model& model, const Observation& observation,
                                                const GradientDistance& objective) {
  return std::make_unique<SmeEngine>(model, observation, objective);
}

}  // namespace medpfl
