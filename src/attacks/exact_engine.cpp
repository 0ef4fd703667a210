#include "attacks/gradient_graph.hpp"
#include "attacks/matching_engine.hpp"

namespace medpfl {
namespace {

class ExactEngine final : public MatchingEngine {
 public:
  ExactEngine(const Model& model, const Observation& observation, const Objective& objective)
      : objective_(objective),
        graph_(model, observation.weights),
        dummy_(model.layout()),
        derivative_(model.layout()) {}

  double evaluate(const Candidate& candidate, CandidateGradient* gradient) override {
    graph_.record(candidate, &dummy_);
    const double value = objective_.evaluate(dummy_.data(), derivative_.data());
    // With dD/dg as the vector of the second pass no graph of the objective is needed.
    graph_.pull_back(derivative_, gradient, nullptr);
    return value;
  }

 private:
  const Objective& objective_;
  GradientGraph graph_;
  FlatParameters dummy_, derivative_;
};

}  // namespace

std::unique_ptr<MatchingEngine> make_exact_engine(const Model& model,
                                                  const Observation& observation,
                                                  const Objective& objective) {
  return std::make_unique<ExactEngine>(model, observation, objective);
}

}  // namespace medpfl
