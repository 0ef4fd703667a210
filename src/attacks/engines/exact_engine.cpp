#include "attacks/engines/gradient_graph.hpp"
#include "attacks/engines/matching_engine.hpp"

namespace medpfl {
namespace {

class ExactEngine final : public MatchingEngine {
 public:
  ExactEngine(const Model& model, const Observation& observation, const GradientDistance& objective)
      : objective_(objective), graph_(model, observation.weights), vector_(model.layout()) {}

  double evaluate(const Candidate& candidate, CandidateGradient* gradient) override {
    graph_.record(candidate, &vector_);
    const double value = objective_.evaluate(vector_.data(), vector_.data());
    // With dD/dg as the vector of the second pass no graph of the objective is needed.
    graph_.pull_back(vector_, gradient, nullptr);
    return value;
  }

 private:
  const GradientDistance& objective_;
  GradientGraph graph_;
  FlatParameters vector_;  // the candidate's gradient, then v
};

}  // namespace

std::unique_ptr<MatchingEngine> make_exact_engine(const Model& model,
                                                  const Observation& observation,
                                                  const GradientDistance& objective) {
  return std::make_unique<ExactEngine>(model, observation, objective);
}

}  // namespace medpfl
