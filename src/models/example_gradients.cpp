#include "models/example_gradients.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/im2col.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "models/layer_inputs.hpp"
#include "models/training_loss.hpp"

namespace medpfl {
namespace {

// Values of the unfolded inputs and products of convolutions that are held at once.
constexpr int64_t kBlockValues = int64_t{1} << 22;

// What a layer's gradients are made of, for the examples of a batch.
struct Trace {
  Layer layer;
  at::Tensor input, error;            // of convolutions and dense layers
  at::Tensor weight_rows, bias_rows;  // the gradients themselves, [B, n], where they are small
};

at::Tensor over_pixels(const at::Tensor& x) { return x.dim() > 2 ? x.flatten(2).sum(2) : x; }

at::Tensor squares(const at::Tensor& rows) { return rows.flatten(1).square().sum(1); }

// |e unfold(a)^T|^2 of each example.
at::Tensor convolution_squares(const Trace& t) {
  const int64_t batch = t.error.size(0), outputs = t.error.size(1);
  const int64_t pixels = t.error.size(2) * t.error.size(3);
  const int64_t taps = t.input.size(1) * t.layer.kernel * t.layer.kernel;
  const bool product = outputs * taps <= pixels * (outputs + taps);
  const int64_t values = taps * pixels + (product ? 2 * outputs * taps : 2 * pixels * pixels);
  const int64_t block = std::max<int64_t>(1, kBlockValues / values);
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < batch; first += block) {
    const int64_t last = std::min(first + block, batch);
    const at::Tensor unfolded =
        at::im2col(t.input.slice(0, first, last), {t.layer.kernel, t.layer.kernel}, {1, 1},
                   {t.layer.padding, t.layer.padding}, {t.layer.stride, t.layer.stride});
    const at::Tensor error = t.error.slice(0, first, last).flatten(2);
    parts.push_back(product ? squares(error.bmm(unfolded.transpose(1, 2)))
                            : error.transpose(1, 2)
                                  .bmm(error)
                                  .mul_(unfolded.transpose(1, 2).bmm(unfolded))
                                  .sum({1, 2}));
  }
  return at::cat(parts);
}

at::Tensor squared_norms(const Trace& t) {
  at::Tensor sum = t.bias_rows.defined() ? squares(t.bias_rows) : at::Tensor();
  const auto add = [&sum](const at::Tensor& more) { sum = sum.defined() ? sum.add(more) : more; };
  if (t.weight_rows.defined())
    add(squares(t.weight_rows));
  else if (t.layer.kind == Layer::Kind::kConvolution)
    add(convolution_squares(t));
  else
    add(squares(t.input).mul(squares(t.error)));
  return sum;
}

// What a norm layer multiplies by its weight.
at::Tensor normalized(const Layer& layer, const std::vector<at::Tensor>& weights,
                      const at::Tensor& input) {
  if (layer.kind == Layer::Kind::kGroupNorm) return at::group_norm(input, layer.groups);
  return at::batch_norm(input, {}, {}, weights[static_cast<size_t>(layer.mean)],
                        weights[static_cast<size_t>(layer.variance)], false, 1, kNormEpsilon, true);
}

Trace trace_of(const Layer& layer, const std::vector<at::Tensor>& weights, const at::Tensor& input,
               const at::Tensor& error) {
  Trace t;
  t.layer = layer;
  if (layer.bias >= 0) t.bias_rows = over_pixels(error);
  if (layer.kind == Layer::Kind::kGroupNorm || layer.kind == Layer::Kind::kBatchNorm) {
    t.weight_rows = over_pixels(error.mul(normalized(layer, weights, input)));
  } else {
    t.input = input;
    t.error = error;
  }
  return t;
}

// The sum of the weights' gradients, each times its share [B].
at::Tensor weighted_sum(const Trace& t, const at::Tensor& weight, const at::Tensor& share) {
  if (t.weight_rows.defined()) return share.matmul(t.weight_rows);
  if (t.layer.kind != Layer::Kind::kConvolution)
    return t.error.mul(share.unsqueeze(1)).transpose(0, 1).matmul(t.input);
  const int64_t stride = t.layer.stride, padding = t.layer.padding;
  return std::get<1>(at::convolution_backward(
      t.error.mul(share.view({-1, 1, 1, 1})), t.input, weight, c10::nullopt, {stride, stride},
      {padding, padding}, {1, 1}, false, {0, 0}, 1, {false, true, false}));
}

}  // namespace

void require_example_gradients(const Model& model) {
  if (model.bottleneck().width > 0)
    throw ConfigError(
        fmt::format("{} has no gradients of single examples: the bottleneck before its head trains "
                    "another loss, with noise inside the network; leave out what adds it",
                    model.name()));
  for (const Layer& layer : model.layers())
    if (layer.kind == Layer::Kind::kBatchNorm && model.norm_mode() == NormMode::kTrain)
      throw ConfigError(fmt::format(
          "{0} has no gradients of single examples: {1} under model.norm_mode=train mixes those of "
          "a batch; use GroupNorm (--model.{0}.norm=group), or model.norm_mode=eval",
          model.name(), model.layout()[layer.weight].name));
}

ExampleGradients::ExampleGradients(const Model& model, const FlatParameters& weights)
    : model_(model), weights_(model.device(), weights, false) {
  require_example_gradients(model);
}

double ExampleGradients::clipped_sum(const at::Tensor& images, const at::Tensor& labels,
                                     double bound, FlatParameters* sum,
                                     std::vector<double>* norms) const {
  const std::vector<at::Tensor>& weights = weights_.current();
  std::vector<Trace> traces;
  at::Tensor loss;
  {
    // Errors are caught on their way back, so that outputs need not be kept. The way ends at the
    // images, as hooks of the tensors asked for are called in some versions only.
    const at::Tensor x = images.to(model_.device()).detach().set_requires_grad(true);
    const LayerVisitor visit = [&](const Layer& layer, const at::Tensor& input,
                                   const at::Tensor& output) {
      output.register_hook([&, layer, input = input.detach()](const at::Tensor& error) -> void {
        traces.push_back(trace_of(layer, weights, input, error));
      });
    };
    const at::Tensor total =
        training_loss(forward_visited(model_, weights, x, visit), labels, at::Reduction::Sum);
    torch::autograd::grad({total}, {x});
    loss = total.detach();
  }
  at::NoGradGuard no_graph;
  at::Tensor squared =
      at::zeros({images.size(0)}, at::TensorOptions(at::kDouble).device(model_.device()));
  for (const Trace& t : traces) squared.add_(squared_norms(t));
  const at::Tensor lengths = squared.sqrt();
  const at::Tensor share = lengths.reciprocal().mul(bound).clamp_max(1).to(at::kFloat);

  std::vector<at::Tensor> sums(static_cast<size_t>(model_.layout().trainable_count()));
  for (const Trace& t : traces) {
    const auto weight = static_cast<size_t>(t.layer.weight);
    sums[weight] = weighted_sum(t, weights[weight], share);
    if (t.layer.bias >= 0) sums[static_cast<size_t>(t.layer.bias)] = share.matmul(t.bias_rows);
  }
  // A GPU is waited for here alone, when all is under way.
  if (!at::isfinite(lengths).all().item<bool>())
    throw NumericError(
        "the gradient of an example is not finite: training diverged; lower "
        "federation.learning_rate");
  sum->fill(0);
  weights_.collect(sums, sum);
  if (norms != nullptr) {
    const at::Tensor host = lengths.to(at::kCPU);
    norms->assign(host.data_ptr<double>(), host.data_ptr<double>() + host.numel());
  }
  return loss.item<double>() / static_cast<double>(images.size(0));
}

}  // namespace medpfl
