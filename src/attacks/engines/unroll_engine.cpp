// The hospital's local steps w(s+1) = w(s) - rate g(s), simulated on the candidate (Geiping et al.
// 2020, arXiv 2003.14053). What is compared is their mean gradient G = sum of g(s) / steps, which
// is the change of weights in the scale of a gradient. Backward, with m(s) = dD/dw(s): dD/dg(s) =
// dD/dG / steps - rate m(s+1), m(s) = m(s+1) + (dg(s)/dw)' dD/dg(s). Graphs are made again on the
// way back instead of being kept, so that memory does not grow by one a step.
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <vector>

#include "attacks/engines/gradient_graph.hpp"
#include "attacks/engines/matching_engine.hpp"

namespace medpfl {
namespace {

class UnrollEngine final : public MatchingEngine {
 public:
  UnrollEngine(const Model& model, const Observation& observation,
               const GradientDistance& objective)
      : objective_(objective),
        steps_(observation.steps),
        local_batch_(observation.local_batch),
        rate_(observation.rate),
        weights_(observation.weights),
        graph_(model, weights_),
        way_(static_cast<size_t>(steps_), observation.weights),
        gradient_(model.layout()),
        mean_(model.layout()),
        derivative_(model.layout()),
        direction_(model.layout()),
        adjoint_(model.layout()),
        by_weights_(model.layout()) {}

  double evaluate(const Candidate& candidate, CandidateGradient* gradient) override {
    const int64_t batch = candidate.images.size(0);
    size_ = std::max(local_batch_ > 0 ? std::min(local_batch_, batch) : batch,
                     (batch + steps_ - 1) / steps_);
    train(candidate);
    const double value = objective_.evaluate(mean_.data(), derivative_.data());
    derivative_.multiply(1 / static_cast<double>(steps_));
    gradient->images = at::zeros_like(candidate.images);
    gradient->label_logits =
        candidate.label_logits.defined() ? at::zeros_like(candidate.label_logits) : at::Tensor();
    adjoint_.fill(0);
    for (int64_t step = steps_; step-- > 0;) step_back(candidate, step, gradient);
    return value;
  }

 private:
  struct Part {
    int64_t begin, size;
    at::Tensor of(const at::Tensor& all) const {
      return all.defined() ? all.narrow(0, begin, size) : at::Tensor();
    }
  };

  Part part(const Candidate& candidate, int64_t step) const {
    const int64_t batch = candidate.images.size(0), of_epoch = (batch + size_ - 1) / size_;
    const int64_t begin = step % of_epoch * size_;
    return {begin, std::min(size_, batch - begin)};
  }

  static Candidate take(const Candidate& candidate, const Part& part) {
    Candidate out = candidate;
    for (at::Tensor* tensor : {&out.images, &out.label_logits, &out.labels, &out.noise})
      *tensor = part.of(*tensor);
    return out;
  }

  void train(const Candidate& candidate) {
    mean_.fill(0);
    for (int64_t step = 0; step < steps_; ++step) {
      go_to(step);
      graph_.evaluate(take(candidate, part(candidate, step)), &gradient_);
      mean_.add(gradient_, 1 / static_cast<double>(steps_));
      if (step + 1 == steps_) break;
      weights_.step(gradient_, rate_);
      way_[static_cast<size_t>(step + 1)].buffer().copy_(weights_.buffer());
    }
  }

  void step_back(const Candidate& candidate, int64_t step, CandidateGradient* gradient) {
    const Part part = this->part(candidate, step);
    go_to(step);
    graph_.record(take(candidate, part), &gradient_);
    direction_.buffer().copy_(derivative_.buffer());
    direction_.add(adjoint_, -rate_);
    CandidateGradient own;
    graph_.pull_back(direction_, &own, step > 0 ? &by_weights_ : nullptr);
    if (step > 0) adjoint_.add(by_weights_, 1);
    part.of(gradient->images).add_(own.images);
    if (own.label_logits.defined()) part.of(gradient->label_logits).add_(own.label_logits);
  }

  void go_to(int64_t step) {
    weights_.buffer().copy_(way_[static_cast<size_t>(step)].buffer());
    graph_.refresh();
  }

  const GradientDistance& objective_;
  int64_t steps_, local_batch_, size_ = 1;
  double rate_;
  FlatParameters weights_;
  GradientGraph graph_;
  std::vector<FlatParameters> way_;  // the weights before each step
  FlatParameters gradient_, mean_, derivative_, direction_, adjoint_, by_weights_;
};

}  // namespace

std::unique_ptr<MatchingEngine> make_unroll_engine(const Model& model,
                                                   const Observation& observation,
                                                   const GradientDistance& objective) {
  return std::make_unique<UnrollEngine>(model, observation, objective);
}

}  // namespace medpfl
