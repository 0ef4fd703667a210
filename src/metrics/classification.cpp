#include "metrics/classification.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"

namespace medpfl {
namespace {

void check(const std::vector<float>& logits, const std::vector<int64_t>& labels, int64_t classes) {
  if (labels.empty() || classes < 1 ||
      logits.size() != labels.size() * static_cast<size_t>(classes))
    throw Error(
        ExitCode::kInternal,
        fmt::format("utility of {} labels and {} classes needs {} logits (at least one), got {}",
                    labels.size(), classes, labels.size() * static_cast<size_t>(classes),
                    logits.size()));
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= classes)
      throw DataError(
          fmt::format("label {} of example {} is outside 0 ... {}: check the data set "
                      "or the number of classes",
                      labels[i], i, classes - 1));
  for (size_t i = 0; i < logits.size(); ++i)
    if (!std::isfinite(logits[i]))
      throw NumericError(fmt::format(
          "logit {} of example {} is {}: the model diverged; lower the learning rate or the noise",
          i % static_cast<size_t>(classes), i / static_cast<size_t>(classes), logits[i]));
}

// log sum exp of row[0 ... classes), leaving out `skipped` (-1: none).
double log_sum_exp(const float* row, int64_t classes, int64_t skipped) {
  double top = -std::numeric_limits<double>::infinity();
  for (int64_t c = 0; c < classes; ++c)
    if (c != skipped) top = std::max(top, static_cast<double>(row[c]));
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c)
    if (c != skipped) sum += std::exp(static_cast<double>(row[c]) - top);
  return top + std::log(sum);
}

// Mann-Whitney: the share of (positive, negative) pairs in order, ties one half; NaN without pairs.
double area_under_roc(const std::vector<double>& scores, const std::vector<int64_t>& labels,
                      int64_t positive) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return scores[i] < scores[j]; });
  double pairs = 0, negatives = 0, positives = 0;
  for (size_t begin = 0; begin < order.size();) {
    double tied_negatives = 0, tied_positives = 0;
    size_t end = begin;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end)
      (labels[order[end]] == positive ? tied_positives : tied_negatives) += 1;
    pairs += tied_positives * (negatives + 0.5 * tied_negatives);
    negatives += tied_negatives;
    positives += tied_positives;
    begin = end;
  }
  if (negatives == 0 || positives == 0) return std::numeric_limits<double>::quiet_NaN();
  return pairs / (negatives * positives);
}

double macro_auroc(const std::vector<float>& logits, const std::vector<int64_t>& labels,
                   int64_t classes) {
  if (classes < 2) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> scores(labels.size());
  double sum = 0, defined = 0;
  for (int64_t c = 0; c < classes; ++c) {
    // Log-odds rank as the probability does, without its ties where it rounds to 0 or 1.
    for (size_t i = 0; i < labels.size(); ++i) {
      const float* row = logits.data() + i * static_cast<size_t>(classes);
      scores[i] = row[c] - log_sum_exp(row, classes, c);
    }
    const double area = area_under_roc(scores, labels, c);
    if (std::isnan(area)) continue;
    sum += area;
    defined += 1;
  }
  return defined > 0 ? sum / defined : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Utility evaluate_utility(const std::vector<float>& logits, const std::vector<int64_t>& labels,
                         int64_t classes) {
  check(logits, labels, classes);
  const size_t width = static_cast<size_t>(classes);
  std::vector<double> actual(width), predicted(width), right(width);
  Utility utility;
  for (size_t i = 0; i < labels.size(); ++i) {
    const float* row = logits.data() + i * width;
    const size_t label = static_cast<size_t>(labels[i]);
    const size_t guess = static_cast<size_t>(std::max_element(row, row + width) - row);
    utility.loss += log_sum_exp(row, classes, -1) - row[label];
    actual[label] += 1;
    predicted[guess] += 1;
    if (guess == label) right[label] += 1;
  }
  const double n = static_cast<double>(labels.size());
  utility.loss /= n;
  utility.accuracy = std::accumulate(right.begin(), right.end(), 0.0) / n;
  double recalls = 0, present = 0, f1 = 0, seen = 0;
  for (size_t c = 0; c < width; ++c) {
    if (actual[c] > 0) {
      recalls += right[c] / actual[c];
      present += 1;
    }
    if (actual[c] + predicted[c] > 0) {
      f1 += 2 * right[c] / (actual[c] + predicted[c]);
      seen += 1;
    }
  }
  utility.balanced_accuracy = recalls / present;
  utility.f1 = f1 / seen;
  utility.auroc = macro_auroc(logits, labels, classes);
  return utility;
}

bool decides_as_one_class(const Utility& utility, int64_t classes) {
  constexpr double kRanksWell = 0.7, kNearChance = 0.05;
  const double chance = 1 / static_cast<double>(classes);
  return utility.auroc >= kRanksWell && utility.balanced_accuracy <= chance + kNearChance;
}

}  // namespace medpfl
