#include "audit/leak_numbers.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "core/error.hpp"
#include "results/run/image_outcomes.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {
namespace {

// Adds the means that /attacks/summary has over the images of an attack on a kind of message, times
// their number.
void add_means(const h5::File& run, const std::string& kind, const std::string& attack,
               LeakNumbers* out) {
  const std::string group = "/attacks/summary/";
  if (!run.exists("/attacks/summary"))
    throw FormatError(fmt::format("{}: holds no attacks; the run is damaged", run.path()));
  const auto method = run.read<std::string>(group + "method");
  const auto kinds = run.read<std::string>(group + "kind");
  const auto round = run.read<int64_t>(group + "round");
  for (size_t i = 0; i < method.size(); ++i) {
    if (method[i] != attack || kinds[i] != kind || round[i] != kAllRounds) continue;
    const int64_t images = run.read<int64_t>(group + "images")[i];
    const auto add = [&](const char* name, double* sum) {
      *sum += static_cast<double>(images) * run.read<double>(group + name)[i];
    };
    out->images += images;
    add("chance", &out->chance);
    add("identified_bound", &out->bound);
    add("reidentified", &out->reidentified);
    add("ssim_mean", &out->ssim);
    return;
  }
  throw FormatError(
      fmt::format("{}: holds no {} of {}s; the run is damaged", run.path(), attack, kind));
}

}  // namespace

LeakNumbers read_leak(const std::vector<std::string>& folders, const std::string& kind,
                      const std::string& method) {
  LeakNumbers out;
  std::vector<Outcome> outcomes;
  std::set<int64_t> hospitals;
  ImageNumbers images;
  int64_t network = 0;
  for (const std::string& folder : folders) {
    const h5::File run = open_run(folder);
    add_means(run, kind, method, &out);
    for_each_outcome(run, network++, &images,
                     [&](const AttackedMessage& message, const Outcome& outcome) {
                       if (message.kind != kind || message.method != method) return;
                       outcomes.push_back(outcome);
                       hospitals.insert(message.client);
                     });
  }
  out.hospitals = static_cast<int64_t>(hospitals.size());
  out.identified = share_of(outcomes);
  const auto n = static_cast<double>(out.images);
  for (double* sum : {&out.chance, &out.bound, &out.reidentified, &out.ssim}) *sum /= n;
  return out;
}

double accuracy_before(const std::string& folder, int64_t round) {
  const h5::File run = open_run(folder);
  double out = run.read_real_attribute("/rounds", "initial_balanced_accuracy");
  const auto rounds = run.read<int64_t>("/rounds/round");
  const auto accuracy = run.read<double>("/rounds/balanced_accuracy");
  for (size_t i = 0; i < rounds.size(); ++i)
    if ((round < 0 || rounds[i] < round) && !std::isnan(accuracy[i])) out = accuracy[i];
  return out;
}

std::string network_at_end(const std::string& folder) {
  const auto words = open_run(folder).read<std::string>("/rounds/network");
  return words.empty() ? "" : words.back();
}

}  // namespace medpfl
