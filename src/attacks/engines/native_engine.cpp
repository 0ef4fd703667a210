// Matching without autograd. With v = dD/dg held fixed, the gradient of D by the images is the
// change of dL/dx as the weights move along v, which two tangent passes give exactly (Pearlmutter
// 1994).
#include <ATen/ops/empty.h>

#include <algorithm>
#include <optional>

#include "attacks/engines/matching_engine.hpp"
#include "attacks/engines/native/loss.hpp"
#include "attacks/engines/native/network.hpp"

namespace medpfl {
namespace {

// Everything whose size depends on the batch.
struct Workspace {
  Workspace(const Model& model, int64_t batch) : network(model, batch), loss(&network.logits()) {}
  native::Network network;
  native::Loss loss;
};

// [B, C, H, W] to the order of a signal, [C, B, H, W].
void batch_inwards(const float* from, native::Signal* to) {
  for (int64_t b = 0; b < to->batch; ++b)
    for (int64_t c = 0; c < to->channels; ++c, from += to->plane())
      std::copy_n(from, to->plane(), to->value.data() + (c * to->batch + b) * to->plane());
}

void batch_outwards(const float* from, const native::Signal& shape, float* to) {
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t c = 0; c < shape.channels; ++c, to += shape.plane())
      std::copy_n(from + (c * shape.batch + b) * shape.plane(), shape.plane(), to);
}

class NativeEngine final : public MatchingEngine {
 public:
  NativeEngine(const Model& model, const Observation& observation,
               const GradientDistance& objective)
      : model_(model),
        observation_(observation),
        objective_(objective),
        dummy_(model.layout()),
        derivative_(model.layout()) {}

  double evaluate(const Candidate& candidate, CandidateGradient* gradient) override {
    const at::Tensor images = candidate.images.contiguous();
    if (!work_ || work_->network.batch() != images.size(0)) work_.emplace(model_, images.size(0));
    auto& [network, loss] = *work_;
    const float* weights = observation_.weights.data();
    const float* v = derivative_.data();

    batch_inwards(images.data_ptr<float>(), &network.images());
    network.forward(weights);
    loss.differentiate(candidate);
    network.backward(weights, dummy_.data());
    const double value = objective_.evaluate(dummy_.data(), derivative_.data());
    network.tangent_forward(weights, v);
    loss.differentiate_along(candidate);
    network.tangent_backward(weights, v);

    reuse(images.sizes(), &gradient->images);
    batch_outwards(network.images().error_tangent(), network.images(),
                   gradient->images.data_ptr<float>());
    if (candidate.label_logits.defined() && !candidate.output_error.defined()) {
      reuse(candidate.label_logits.sizes(), &gradient->label_logits);
      loss.differentiate_labels(gradient->label_logits.data_ptr<float>());
    } else {
      gradient->label_logits = at::Tensor();
    }
    return value;
  }

 private:
  static void reuse(at::IntArrayRef shape, at::Tensor* tensor) {
    if (!tensor->defined() || tensor->sizes() != shape) *tensor = at::empty(shape, at::kFloat);
  }

  const Model& model_;
  const Observation& observation_;
  const GradientDistance& objective_;
  FlatParameters dummy_, derivative_;
  std::optional<Workspace> work_;
};

}  // namespace

std::unique_ptr<MatchingEngine> make_native_engine(const Model& model,
                                                   const Observation& observation,
                                                   const GradientDistance& objective) {
  return std::make_unique<NativeEngine>(model, observation, objective);
}

}  // namespace medpfl
