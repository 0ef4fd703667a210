#include "attacks/closed_forms/closed_form.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "attacks/labels_without_search.hpp"
#include "core/violations.hpp"
#include "metrics/assignment.hpp"

namespace medpfl {
namespace {

// `fit` takes the class of least misfit of each image; another rule's labels are dealt to the
// images for the least total misfit.
std::vector<int64_t> labels_of(LabelRule rule, const Model& model, const Observation& observation,
                               const std::vector<ReadImage>& images) {
  std::vector<int64_t> out;
  if (rule == LabelRule::kFit) {
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

ReadImage grey(const Model& model) {
  const ImageShape& shape = model.input();
  ReadImage out;
  out.image = at::full({shape.channels, shape.height, shape.width}, 0.5, at::kFloat);
  out.misfit.assign(static_cast<size_t>(model.classes()), 1);
  return out;
}

}  // namespace

ClosedFormAttack::ClosedFormAttack(const ClosedFormOptions& own, const AttackRequest& request,
                                   const std::string& name)
    : labels_(rule_without_search(request, own.labels, name)), tolerance_(own.tolerance) {}

AttackFacts ClosedFormAttack::facts() const { return facts_without_search(labels_); }

void ClosedFormAttack::check(const Model& model) const {
  Violations wrong;
  wrong.guard([&] { layer(model); });
  if (labels_ != LabelRule::kFit) wrong.guard([&] { check_label_rule(labels_, model); });
  wrong.throw_if_any();
}

std::optional<Reconstruction> ClosedFormAttack::run(const Model& model,
                                                    const Observation& observation,
                                                    const StreamKey&, const std::string&,
                                                    const AttackMonitor&) const {
  const auto begin = std::chrono::steady_clock::now();
  check(model);
  ImageFit fit(model, observation, layer(model).bias);
  Reading reading;
  reading.status = "diverged";
  if (observation.gradient.all_finite()) reading = read(model, observation, &fit);
  reading.images.resize(static_cast<size_t>(observation.batch), grey(model));

  Reconstruction result;
  std::vector<at::Tensor> pixels;
  for (const ReadImage& one : reading.images) pixels.push_back(one.image.clamp(0, 1));
  result.images = at::stack(pixels);
  result.labels = labels_of(labels_, model, observation, reading.images);
  result.status = std::move(reading.status);
  result.objective = reading.unexplained;
  result.iterations = 1;
  result.evaluations = fit.evaluations();
  result.trace_iterations = {1};
  result.trace = {result.objective};
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

OptionTable<ClosedFormOptions> closed_form_options(const std::string& seen,
                                                   const std::string& limit) {
  using O = Option<ClosedFormOptions>;
  std::vector<std::string> rules = rules_without_search();
  rules.insert(rules.begin(), word_of(LabelRule::kFit));
  return {O{"labels", &ClosedFormOptions::labels,
            "how labels are found; fit: the class whose gradient fits the " + seen}
              .one_of(rules),
          O{"tolerance", &ClosedFormOptions::tolerance, limit}.above(0)};
}

}  // namespace medpfl
