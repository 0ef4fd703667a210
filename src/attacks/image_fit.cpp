#include "attacks/image_fit.hpp"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "attacks/labels.hpp"
#include "core/error.hpp"
#include "metrics/assignment.hpp"

namespace medpfl {
namespace {

constexpr double kRounding = 1e-3;

}  // namespace

ImageFit::ImageFit(const Model& model, const Observation& observation, int64_t bias)
    : model_(model),
      observation_(observation),
      bias_(bias),
      weights_(model.device(), observation.weights, true) {}

at::Tensor ImageFit::gradients(const at::Tensor& image) {
  const std::vector<at::Tensor>& leaves = weights_.current();
  const at::Tensor logits =
      model_.forward(leaves, image.unsqueeze(0).to(model_.device()), NormMode::kEval, nullptr);
  std::vector<at::Tensor> out;
  for (int64_t c = 0; c < model_.classes(); ++c) {
    const at::Tensor label = at::tensor({c}, at::kLong).to(model_.device());
    const at::Tensor loss = at::cross_entropy_loss(logits, label);
    const auto gradient =
        torch::autograd::grad({loss}, {leaves[static_cast<size_t>(bias_)]}, {}, true);
    out.push_back(gradient[0].to(at::kCPU, at::kDouble));
  }
  ++evaluations_;
  return at::stack(out).div(static_cast<double>(observation_.batch));
}

double ReadImage::least_misfit() const { return *std::min_element(misfit.begin(), misfit.end()); }

bool ReadImage::out_of_range() const {
  return image.min().item<double>() < -kRounding || image.max().item<double>() > 1 + kRounding;
}

std::vector<std::string> read_label_rules() {
  std::vector<std::string> rules = label_rule_names();
  rules.erase(std::remove(rules.begin(), rules.end(), "joint"), rules.end());
  rules.insert(rules.begin(), "fit");
  return rules;
}

std::string read_rule(const OptionValues& own, const AttackRequest& request,
                      const std::string& name) {
  if (request.labels == "joint")
    throw ConfigError(
        fmt::format("attack.labels=joint optimizes labels, and {} optimizes nothing; use auto, or "
                    "set attack.NAME.labels of the attacks that do",
                    name));
  return request.labels == "auto" ? own.text("labels") : request.labels;
}

std::vector<int64_t> read_labels(const std::string& rule, const Model& model,
                                 const Observation& observation,
                                 const std::vector<ReadImage>& images) {
  std::vector<int64_t> out;
  if (rule == "fit") {
    for (const ReadImage& one : images)
      out.push_back(std::min_element(one.misfit.begin(), one.misfit.end()) - one.misfit.begin());
    return out;
  }
  const std::vector<int64_t> labels = infer_labels(rule, model, observation);
  std::vector<double> cost;
  for (const ReadImage& one : images)
    for (const int64_t label : labels) cost.push_back(one.misfit[static_cast<size_t>(label)]);
  for (const int64_t i : optimal_assignment(cost, static_cast<int64_t>(images.size())))
    out.push_back(labels[static_cast<size_t>(i)]);
  return out;
}

}  // namespace medpfl
