#include "attacks/matching/network_priors.hpp"

#include <ATen/ops/one_hot.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "attacks/optimizers/vector_math.hpp"
#include "core/violations.hpp"
#include "models/device_views.hpp"
#include "models/layer_inputs.hpp"

namespace medpfl {
namespace {

bool normalizes(const Layer& layer) { return layer.kind == Layer::Kind::kBatchNorm; }

// R of images on the model's device, at weights in the order of the layout.
using Penalty =
    std::function<at::Tensor(const std::vector<at::Tensor>& weights, const at::Tensor& images)>;

// A pass of its own: engines see nothing of it.
Term::Function through_network(const Model& model, const Observation& observation,
                               Penalty penalty) {
  // They stay as they are, and so does their copy on another device.
  const std::vector<at::Tensor> weights =
      DeviceViews(model.device(), observation.weights, false).current();
  return [&model, weights, penalty = std::move(penalty)](const at::Tensor& images, double weight,
                                                         float* gradient) {
    const at::Tensor leaf = images.detach().to(model.device()).set_requires_grad(true);
    const at::Tensor value = penalty(weights, leaf);
    const at::Tensor slope = torch::autograd::grad({value}, {leaf})[0].to(at::kCPU).contiguous();
    axpy(weight, slope.data_ptr<float>(), gradient, slope.numel());
    return value.item<double>();
  };
}

at::Tensor distance(const at::Tensor& a, const at::Tensor& b) { return a.sub(b).norm(); }

}  // namespace

OptionTable<NetworkPriorOptions> network_prior_options() {
  using N = NetworkPriorOptions;
  using O = Option<N>;
  return {O{"bn_statistics", &N::bn_statistics,
            "weight of the distance of batch statistics, summed over layers"}
              .at_least(0),
          O{"bn_target", &N::bn_target,
            "of bn_statistics: the statistics the server sent, or those of the batch as "
            "the message shows them under model.norm_mode=train"},
          O{"bn_first_layer", &N::bn_first_layer, "of bn_statistics: weight of the first layer"}
              .at_least(0),
          O{"feature_match", &N::feature_match,
            "weight of the mean squared distance of the last layer's input to that seen in "
            "its gradient"}
              .at_least(0)};
}

void check_network_priors(const NetworkPriorOptions& options, LabelRule label_rule,
                          const Model& model) {
  Violations wrong;
  if (options.bn_statistics > 0) {
    wrong.check(std::any_of(model.layers().begin(), model.layers().end(), normalizes),
                fmt::format("bn_statistics={} compares statistics of batch normalization, which {} "
                            "has not; set it to 0 or use a model with norm=batch",
                            options.bn_statistics, model.name()));
    wrong.check(
        options.bn_target != StatisticsSource::kUpdate || model.norm_mode() == NormMode::kTrain,
        "bn_target=update reads batch statistics from messages, which carry them only "
        "under model.norm_mode=train; use bn_target=running");
  }
  if (options.feature_match > 0) {
    wrong.check(model.head().bias >= 0,
                fmt::format("feature_match={} divides by the gradient of the last layer's bias, "
                            "which {} has not; set it to 0",
                            options.feature_match, model.name()));
    wrong.check(label_rule != LabelRule::kJoint,
                fmt::format("feature_match={} needs labels, which the label rule joint does not "
                            "have until its end; set it to 0 or use another rule",
                            options.feature_match));
  }
  wrong.throw_if_any();
}

bool untouched_statistics(const Model& model, const FlatParameters& weights) {
  return std::all_of(model.layers().begin(), model.layers().end(), [&](const Layer& layer) {
    return !normalizes(layer) || (weights.view(layer.mean).eq(0).all().item<bool>() &&
                                  weights.view(layer.variance).eq(1).all().item<bool>());
  });
}

std::vector<at::Tensor> target_statistics(StatisticsSource bn_target, const Model& model,
                                          const Observation& observation) {
  const int64_t first = model.layout().trainable_count();
  const double moved = 1 - std::pow(1 - kNormMomentum, static_cast<double>(observation.steps));
  std::vector<at::Tensor> out;
  for (int64_t i = first; i < model.layout().count(); ++i) {
    out.push_back(observation.weights.view(i).clone());
    if (bn_target == StatisticsSource::kUpdate)
      out.back().add_(observation.gradient.view(i).div(moved));
  }
  return out;
}

Term bn_statistics_term(const NetworkPriorOptions& options, const Model& model,
                        const Observation& observation) {
  std::vector<at::Tensor> targets = target_statistics(options.bn_target, model, observation);
  for (at::Tensor& target : targets) target = target.to(model.device());
  std::vector<std::pair<at::Tensor, at::Tensor>> of_layers;
  for (const Layer& layer : model.layers()) {
    if (!normalizes(layer)) continue;
    const auto target = [&](int64_t index) {
      return targets[static_cast<size_t>(index - model.layout().trainable_count())];
    };
    of_layers.emplace_back(target(layer.mean), target(layer.variance));
  }
  const double first_layer = options.bn_first_layer;
  const auto penalty = [&model, of_layers, first_layer](const std::vector<at::Tensor>& weights,
                                                        const at::Tensor& images) {
    const LayerInputs inputs = layer_inputs(model, weights, images);
    at::Tensor sum;
    for (size_t i = 0; i < of_layers.size(); ++i) {
      const at::Tensor& x = inputs.norms[i];
      const bool unbiased = x.numel() > x.size(1);
      const at::Tensor part =
          distance(x.mean({0, 2, 3}), of_layers[i].first)
              .add(distance(x.var(at::IntArrayRef{0, 2, 3}, unbiased), of_layers[i].second));
      sum = i == 0 ? part.mul(first_layer) : sum.add(part);
    }
    return sum;
  };
  return {"bn_statistics", options.bn_statistics, through_network(model, observation, penalty)};
}

Term feature_match_term(const NetworkPriorOptions& options, const Model& model,
                        const Observation& observation, const std::vector<int64_t>& labels) {
  const FlatParameters& gradient = observation.gradient;
  at::Tensor of_class = at::zeros({model.classes(), static_cast<int64_t>(labels.size())});
  for (size_t i = 0; i < labels.size(); ++i) of_class[labels[i]][static_cast<int64_t>(i)].fill_(1);
  const at::Tensor images = of_class.sum(1, true);
  const at::Tensor present = images.gt(0).to(at::kFloat);
  const at::Tensor bias = gradient.view(model.head().bias).unsqueeze(1).mul(present);
  const double length = bias.norm().item<double>();
  const double unit = length > 0 ? 1 / length : 0;
  // Rows are scaled by the bias's gradient rather than divided by it, which may be near 0.
  const at::Tensor means = of_class.div(images.clamp_min(1)).mul(bias).mul(unit).to(model.device());
  const at::Tensor seen =
      gradient.view(model.head().weight).mul(present).mul(unit).to(model.device());
  const auto penalty = [&model, means, seen](const std::vector<at::Tensor>& weights,
                                             const at::Tensor& x) {
    return means.mm(layer_inputs(model, weights, x).features)
        .sub(seen)
        .square()
        .sum()
        .div(seen.size(1));
  };
  return {"feature_match", options.feature_match, through_network(model, observation, penalty)};
}

Term label_fit_term(double weight, const Model& model, const Observation& observation,
                    const std::vector<int64_t>& labels) {
  const at::Tensor target =
      at::one_hot(at::tensor(labels, at::kLong).to(model.device()), model.classes());
  const auto penalty = [&model, target](const std::vector<at::Tensor>& weights,
                                        const at::Tensor& images) {
    const at::Tensor answer = at::softmax(model.forward(weights, images), 1);
    return answer.sub(target).square().sum(1).mean();
  };
  return {"label_fit", weight, through_network(model, observation, penalty)};
}

}  // namespace medpfl
