#include "metrics/leak_summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

namespace medpfl {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

template <class Row, class F>
std::vector<double> each(const std::vector<Row>& rows, F f) {
  std::vector<double> out;
  for (const Row& row : rows) out.push_back(static_cast<double>(f(row)));
  return out;
}

std::vector<double> numbers(std::vector<double> values) {
  values.erase(
      std::remove_if(values.begin(), values.end(), [](double value) { return std::isnan(value); }),
      values.end());
  return values;
}

// Of the values that are numbers; not a number without any.
double mean(std::vector<double> values) {
  values = numbers(std::move(values));
  if (values.empty()) return kNone;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

double median(std::vector<double> values) {
  values = numbers(std::move(values));
  if (values.empty()) return kNone;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

LeakSummary summarize_leak(const std::vector<ChosenImage>& images,
                           const std::vector<ChosenTask>& tasks) {
  const auto values = [&](double ImageScore::*member) {
    return each(images, [=](const ChosenImage& i) { return i.score.*member; });
  };
  const auto reaching = [&](double ImageScore::*member, double bound) {
    return mean(each(images, [=](const ChosenImage& i) { return i.score.*member >= bound; }));
  };
  const auto cost = [&](auto member) {
    return median(each(tasks, [=](const ChosenTask& t) { return t.*member; }));
  };
  LeakSummary out;
  out.images = static_cast<int64_t>(images.size());
  out.tasks = static_cast<int64_t>(tasks.size());
  out.diverged =
      std::count_if(tasks.begin(), tasks.end(), [](const ChosenTask& t) { return t.diverged; });
  out.vanished =
      std::count_if(tasks.begin(), tasks.end(), [](const ChosenTask& t) { return t.vanished; });
  std::set<int64_t> hospitals;
  for (const ChosenTask& t : tasks)
    if (t.client >= 0) hospitals.insert(t.client);
  out.hospitals = static_cast<int64_t>(hospitals.size());
  out.near_duplicated = std::count_if(images.begin(), images.end(),
                                      [](const ChosenImage& i) { return i.near_duplicates > 0; });
  out.mse = median(values(&ImageScore::mse));
  out.psnr = median(values(&ImageScore::psnr));
  out.ssim = median(values(&ImageScore::ssim));
  out.rdlv = median(values(&ImageScore::rdlv));
  out.psnr_mean = mean(values(&ImageScore::psnr));
  out.ssim_mean = mean(values(&ImageScore::ssim));
  out.psnr_20 = reaching(&ImageScore::psnr, kSuccessPsnr);
  out.ssim_50 = reaching(&ImageScore::ssim, kSuccessSsim50);
  out.ssim_70 = reaching(&ImageScore::ssim, kSuccessSsim70);
  out.ssim_90 = reaching(&ImageScore::ssim, kSuccessSsim90);
  out.label_accuracy = mean(each(images, [](const ChosenImage& i) { return i.label_found; }));
  out.reidentified = mean(each(images, [](const ChosenImage& i) {
    const int64_t rank = i.score.rank_of_truth;
    return rank < 0 ? kNone : rank == 0 ? 1.0 : 0.0;
  }));
  out.chance = mean(each(images, [](const ChosenImage& i) { return i.chance; }));
  std::vector<Outcome> outcomes;
  for (const ChosenImage& i : images)
    outcomes.push_back({i.image, i.cluster, 0, identified(i.score)});
  out.identified = share_of(outcomes);
  // The expected share is at most the mean of the bounds. An image without one could always be
  // identified.
  const auto bounds = each(images, [](const ChosenImage& i) { return i.identified_bound; });
  const bool bounded =
      std::none_of(bounds.begin(), bounds.end(), [](double bound) { return std::isnan(bound); });
  out.identified_bound = bounded ? mean(bounds) : kNone;
  out.candidates = median(each(images, [](const ChosenImage& i) { return i.score.candidates; }));
  out.objective = cost(&ChosenTask::objective);
  out.matching_loss = cost(&ChosenTask::matching_loss);
  out.iterations = cost(&ChosenTask::iterations);
  out.evaluations = cost(&ChosenTask::evaluations);
  out.seconds = cost(&ChosenTask::seconds);
  return out;
}

}  // namespace medpfl
