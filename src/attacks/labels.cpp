#include "attacks/labels.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace medpfl {
namespace {

std::vector<int64_t> idlg(const Model& model, const Observation& observation) {
  if (observation.batch != 1)
    throw ConfigError(
        fmt::format("attack.labels=idlg finds the label of one image, but the message of "
                    "hospital {} in round {} comes from {}; use attack.labels=known or joint",
                    observation.client, observation.round, observation.batch));
  const ParameterLayout::Entry& head = model.layout()[model.head().weight];
  const int64_t classes = head.shape[0], features = head.shape[1];
  const float* row = observation.gradient.data() + head.offset;
  std::vector<double> sums;
  for (int64_t c = 0; c < classes; ++c, row += features) {
    double sum = 0;
    for (int64_t j = 0; j < features; ++j) sum += row[j];
    sums.push_back(sum);
  }
  return {std::min_element(sums.begin(), sums.end()) - sums.begin()};
}

}  // namespace

std::vector<std::string> label_rule_names() { return {"known", "idlg", "joint"}; }

std::vector<int64_t> infer_labels(const std::string& rule, const Model& model,
                                  const Observation& observation) {
  if (rule == "joint") return {};
  if (rule == "known") return observation.known_labels;
  if (rule == "idlg") return idlg(model, observation);
  throw ConfigError(fmt::format("unknown label rule '{}'", rule));
}

}  // namespace medpfl
