#include "attacks/labels.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/softmax.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "models/differentiator.hpp"

namespace medpfl {
namespace {

using Labels = std::vector<int64_t>;

int64_t least(const std::vector<double>& values) {
  return std::min_element(values.begin(), values.end()) - values.begin();
}

// Row sums of the gradient of the head's weight, or their least entries: [classes].
std::vector<double> rows(const Model& model, const Observation& observation, bool minima) {
  const ParameterLayout::Entry& head = model.layout()[model.head().weight];
  const int64_t classes = head.shape[0], features = head.shape[1];
  const float* row = observation.gradient.data() + head.offset;
  std::vector<double> out;
  for (int64_t c = 0; c < classes; ++c, row += features)
    out.push_back(minima ? *std::min_element(row, row + features)
                         : std::accumulate(row, row + features, 0.0));
  return out;
}

std::vector<double> bias(const Model& model, const Observation& observation) {
  const ParameterLayout::Entry& head = model.layout()[model.head().bias];
  const float* values = observation.gradient.data() + head.offset;
  return {values, values + head.size};
}

// Classes in ascending order of `values`, as many as `keep` admits but at least one, in turn until
// there are `batch`.
template <class Keep>
Labels in_turn(const std::vector<double>& values, int64_t batch, const Keep& keep) {
  Labels order(values.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto at = [&](int64_t c) { return values[static_cast<size_t>(c)]; };
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return at(a) < at(b); });
  const auto end =
      std::find_if_not(order.begin() + 1, order.end(), [&](int64_t c) { return keep(at(c)); });
  Labels out;
  for (int64_t i = 0; i < batch; ++i)
    out.push_back(order[static_cast<size_t>(i % (end - order.begin()))]);
  return out;
}

// The class of least value again and again, until there are `batch`; each time its value grows.
void take_least(std::vector<double> values, double growth, int64_t batch, Labels* out) {
  while (static_cast<int64_t>(out->size()) < batch) {
    const int64_t c = least(values);
    out->push_back(c);
    values[static_cast<size_t>(c)] += growth;
  }
}

Labels idlg(const Model& model, const Observation& observation) {
  if (observation.batch != 1)
    throw ConfigError(fmt::format(
        "attack.labels=idlg finds the label of one image, but the message of "
        "hospital {} in round {} comes from {}; use bias-counts, counts, known or joint",
        observation.client, observation.round, observation.batch));
  return {
      least(signed_features(model) ? bias(model, observation) : rows(model, observation, false))};
}

Labels counts(const Model& model, const Observation& observation) {
  std::vector<double> values = rows(model, observation, false);
  const auto batch = static_cast<double>(observation.batch);
  double negative = 0;
  for (const double v : values) negative += std::min(v, 0.0);
  const double growth = -negative * (1 + 1 / static_cast<double>(values.size())) / batch;
  const auto below_zero = [](double v) { return v < 0; };
  const auto present =
      static_cast<int64_t>(std::count_if(values.begin(), values.end(), below_zero));
  Labels out = in_turn(values, std::min(present, observation.batch), below_zero);
  for (const int64_t c : out) values[static_cast<size_t>(c)] += growth;
  take_least(values, growth, observation.batch, &out);
  return out;
}

// Mean predictions of the batch minus shares of its classes are the gradient of the bias. The
// former are close to those for any image as long as the network has learned little.
Labels bias_counts(const Model& model, const Observation& observation) {
  std::vector<double> values = bias(model, observation);
  const ImageShape& shape = model.input();
  const at::Tensor image =
      at::full({1, shape.channels, shape.height, shape.width}, 0.5, at::kFloat);
  const at::Tensor predicted =
      at::softmax(Differentiator(model, observation.weights).logits(image), 1);
  for (size_t c = 0; c < values.size(); ++c)
    values[c] -= predicted[0][static_cast<int64_t>(c)].item<double>();
  Labels out;
  take_least(values, 1 / static_cast<double>(observation.batch), observation.batch, &out);
  return out;
}

}  // namespace

const Words<LabelRule>& words_of(LabelRule) {
  static const Words<LabelRule> words = {{LabelRule::kKnown, "known"},
                                         {LabelRule::kIdlg, "idlg"},
                                         {LabelRule::kJoint, "joint"},
                                         {LabelRule::kYin, "yin"},
                                         {LabelRule::kCounts, "counts"},
                                         {LabelRule::kBiasSign, "bias-sign"},
                                         {LabelRule::kBiasCounts, "bias-counts"},
                                         {LabelRule::kFit, "fit"}};
  return words;
}

std::vector<std::string> label_rule_names() {
  std::vector<std::string> names = words_of(LabelRule{}).names();
  names.erase(std::remove(names.begin(), names.end(), word_of(LabelRule::kFit)), names.end());
  return names;
}

bool signed_features(const Model& model) {
  using Kind = Layer::Kind;
  const std::vector<Layer>& layers = model.layers();
  for (auto layer = layers.rbegin() + 1; layer != layers.rend(); ++layer) {
    const Kind kind = layer->kind;
    if (kind == Kind::kActivation)
      return layer->activation != Activation::kSigmoid && layer->activation != Activation::kRelu;
    if (kind != Kind::kFlatten && kind != Kind::kMaxPool && kind != Kind::kAveragePool) return true;
  }
  return false;  // pixels
}

bool misled_by_signs(LabelRule rule, const Model& model) {
  return (rule == LabelRule::kYin || rule == LabelRule::kCounts) && signed_features(model);
}

void check_label_rule(LabelRule rule, const Model& model) {
  const bool reads_bias = rule == LabelRule::kBiasSign || rule == LabelRule::kBiasCounts ||
                          (rule == LabelRule::kIdlg && signed_features(model));
  if (reads_bias && model.head().bias < 0)
    throw ConfigError(fmt::format(
        "attack.labels={} reads the bias of the last layer, which {} has not; use counts, yin, "
        "known or joint",
        word_of(rule), model.name()));
}

std::vector<int64_t> infer_labels(LabelRule rule, const Model& model,
                                  const Observation& observation) {
  check_label_rule(rule, model);
  switch (rule) {
    case LabelRule::kJoint:
      return {};
    case LabelRule::kKnown:
      return observation.known_labels;
    case LabelRule::kIdlg:
      return idlg(model, observation);
    case LabelRule::kYin:
      return in_turn(rows(model, observation, true), observation.batch,
                     [](double) { return true; });
    case LabelRule::kCounts:
      return counts(model, observation);
    case LabelRule::kBiasSign:
      return in_turn(bias(model, observation), observation.batch, [](double v) { return v < 0; });
    case LabelRule::kBiasCounts:
      return bias_counts(model, observation);
    case LabelRule::kFit:
      break;
  }
  throw Error(ExitCode::kInternal, "labels=fit is read off images, not off the gradient");
}

}  // namespace medpfl
