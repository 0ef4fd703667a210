#include "results/run/attack_tables.hpp"

#include <fmt/format.h>

#include <map>
#include <tuple>

#include "h5/axes.hpp"
#include "metrics/image.hpp"
#include "metrics/leak_summary.hpp"
#include "metrics/look_alikes.hpp"
#include "results/run/network_state.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {
namespace {

// The row of /gradients each task's observation was recorded in, -1 where it was not.
std::vector<int64_t> gradient_rows(const std::vector<TaskRow>& tasks, const RunRecord& record) {
  std::map<std::tuple<int64_t, int64_t, int64_t>, int64_t> index;
  if (record.capture != nullptr) {
    const GradientRows& rows = record.capture->rows();
    for (int64_t i = 0; i < rows.size(); ++i) {
      const auto at = static_cast<size_t>(i);
      index[{rows.round[at], rows.client[at], rows.probe[at]}] = i;
    }
  }
  std::vector<int64_t> out;
  for (const TaskRow& row : tasks) {
    const Observation& o = row.of->observation;
    const auto found = index.find({o.round, o.client, o.probe});
    out.push_back(found == index.end() ? -1 : found->second);
  }
  return out;
}

}  // namespace

void write_task_table(h5::File* file, const std::vector<TaskRow>& tasks, const RunRecord& record) {
  using T = TaskRow;
  TableWriter table(file, "/attacks/tasks", "task");
  std::vector<int64_t> numbers(tasks.size());
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i);
  table.column("task", numbers, "number of the task");
  table.column<std::string, T>(
      "method", tasks, [](const T& t) { return t.method; }, "attack");
  table.column("gradient", gradient_rows(tasks, record), "row of /gradients; -1: not recorded");
  table.column<int64_t, T>(
      "round", tasks, [](const T& t) { return t.of->observation.round; }, "round attacked");
  std::vector<int64_t> rounds;
  for (const TaskRow& row : tasks) rounds.push_back(row.of->observation.round);
  table.column("network", networks_before(record, rounds),
               "the network that was attacked: untrained | at chance | above chance | not "
               "evaluated");
  table.column<int64_t, T>(
      "client", tasks, [](const T& t) { return t.of->observation.client; },
      "hospital attacked; -1: all, by their sum");
  table.column<std::string, T>(
      "kind", tasks, [](const T& t) { return t.kind(); },
      "update | probe | sum (of all updates of the round)");
  table.column<int64_t, T>(
      "probe", tasks, [](const T& t) { return t.of->observation.probe; },
      "number of the probe; -1: an update");
  table.column<int64_t, T>(
      "restart", tasks, [](const T& t) { return t.task->restart; }, "number of the start");
  table.column<std::string, T>(
      "status", tasks, [](const T& t) { return t.task->result.status; }, kStatusWords);
  table.column<double, T>(
      "gradient_norm", tasks, [](const T& t) { return t.of->gradient_norm; },
      "L2 norm of the message's gradient, as the attacker sees it");
  table.column<int64_t, T>(
      "vanished", tasks, [](const T& t) { return t.of->gradient_norm < kVanishedNorm ? 1 : 0; },
      fmt::format("1: gradient_norm is below {:g}", kVanishedNorm));
  table.column<int64_t, T>(
      "iterations", tasks, [](const T& t) { return t.task->result.iterations; },
      "outer iterations made");
  table.column<int64_t, T>(
      "evaluations", tasks, [](const T& t) { return t.task->result.evaluations; },
      "evaluations of the objective");
  table.column<double, T>(
      "seconds", tasks, [](const T& t) { return t.task->result.seconds; }, "time of the task",
      "second");
  table.column<int64_t, T>(
      "memory_growth", tasks, [](const T& t) { return t.task->result.memory_growth; },
      "most by which the resident memory of the process grew during the task; -1: unknown", "byte");
  table.column<double, T>(
      "objective", tasks, [](const T& t) { return t.task->result.objective; },
      "least value of what the attack makes least: its whole weighted objective; of a closed form "
      "its own criterion, the share of the gradient that its images leave unexplained");
  table.column<double, T>(
      "matching_loss", tasks, [](const T& t) { return t.task->result.matching_loss; },
      "distance of gradients alone at the images kept, by the attack's own measure, without "
      "weight, penalty and priors; not a number: the attack measures none");
  table.column<int64_t, T>(
      "chosen", tasks, [](const T& t) { return t.task->chosen ? 1 : 0; },
      "1: the restart the attacker keeps, by its objective");
  const std::string threat = word_of(record.attacks->threat());
  table.column<std::string, T>(
      "threat", tasks, [&](const T&) { return threat; }, "honest-but-curious | malicious-server");
  table.column<std::string, T>(
      "knowledge", tasks, [](const T& t) { return t.knowledge; }, "what the attacker was told");
  file->write_attribute("/attacks/tasks", "engine", word_of(record.engine));
}

void write_image_table(h5::File* file, const std::vector<ImageRow>& rows, const Model& model) {
  using I = ImageRow;
  TableWriter table(file, "/attacks/images", "image");
  table.column<int64_t, I>(
      "task", rows, [](const I& i) { return i.task; }, "task it belongs to");
  table.column<int64_t, I>(
      "index", rows, [](const I& i) { return i.index; }, "place in the batch");
  table.column<int64_t, I>(
      "cluster", rows, [](const I& i) { return i.cluster; },
      "number that images have in common which are not independent: the hospital, or the message "
      "where every hospital holds a random draw of the same images");
  table.column<int64_t, I>(
      "label", rows, [](const I& i) { return i.truth->labels[static_cast<size_t>(i.index)]; },
      "true class");
  table.column<int64_t, I>(
      "label_inferred", rows,
      [](const I& i) { return i.result->labels[static_cast<size_t>(i.score->reconstruction)]; },
      "class the attacker worked with");
  table.column<int64_t, I>(
      "label_found", rows, [](const I& i) { return i.label_found ? 1 : 0; },
      "1: the true class is among those inferred for the batch, each counted once");
  table.column<double, I>(
      "mse", rows, [](const I& i) { return i.score->mse; }, "mean squared error");
  table.column<double, I>(
      "psnr", rows, [](const I& i) { return i.score->psnr; },
      "peak signal-to-noise ratio, at most 100", "dB");
  table.column<double, I>(
      "ssim", rows, [](const I& i) { return i.score->ssim; }, "structural similarity");
  table.column<double, I>(
      "ms_ssim", rows, [](const I& i) { return i.score->ms_ssim; },
      "multi-scale structural similarity");
  table.column<double, I>(
      "perceptual_mse", rows, [](const I& i) { return i.score->perceptual_mse; },
      "mean squared error that counts less where the truth varies");
  table.column<double, I>(
      "rdlv", rows, [](const I& i) { return i.score->rdlv; }, "relative data leakage value");
  table.column<double, I>(
      "ssim_public_mean", rows, [](const I& i) { return i.score->ssim_public_mean; },
      "structural similarity of the mean public image to the truth: what is had without an attack");
  table.column<int64_t, I>(
      "candidates", rows, [](const I& i) { return i.score->candidates; },
      "distinct images among which the truth was looked up");
  table.column<int64_t, I>(
      "near_duplicates", rows, [](const I& i) { return i.near_duplicates; },
      fmt::format("distinct candidates other than the truth with an SSIM to it of {} or more",
                  kNearDuplicateSsim));
  table.column<int64_t, I>(
      "identified", rows, [](const I& i) { return identified(*i.score) ? 1 : 0; },
      "1: the truth is the nearest candidate, and ssim is above ssim_public_mean");
  table.column<int64_t, I>(
      "rank_of_truth", rows, [](const I& i) { return i.score->rank_of_truth; },
      "images of the hospital nearer to the reconstruction than the truth");
  const auto success = [&](const std::string& name, double ImageScore::*member, double bound,
                           const std::string& text) {
    table.column<int64_t, I>(
        name, rows, [=](const I& i) { return i.score->*member >= bound ? 1 : 0; }, text);
  };
  success("success_ssim_50", &ImageScore::ssim, kSuccessSsim50, "1: SSIM of 0.5 or more");
  success("success_ssim_70", &ImageScore::ssim, kSuccessSsim70, "1: SSIM of 0.7 or more");
  success("success_ssim_90", &ImageScore::ssim, kSuccessSsim90, "1: SSIM of 0.9 or more");
  success("success_psnr_20", &ImageScore::psnr, kSuccessPsnr, "1: PSNR of 20 dB or more");
  table.column<double, I>(
      "oracle_psnr", rows, [](const I& i) { return i.oracle->psnr; },
      "best of the result and the snapshots, by the truth: no attacker knows it", "dB");
  table.column<double, I>(
      "oracle_ssim", rows, [](const I& i) { return i.oracle->ssim; },
      "best of the result and the snapshots, by the truth: no attacker knows it");
  const int64_t height = model.input().height, width = model.input().width;
  file->write_attribute("/attacks/images", "ssim_window", ssim_window(height, width));
  file->write_attribute("/attacks/images", "ms_ssim_scales", ms_ssim_scales(height, width));
  file->write_attribute("/attacks/images", "near_duplicate_ssim", kNearDuplicateSsim);
  h5::show(file, "/attacks/images", {"ssim", {"."}, {"ms_ssim"}});
}

}  // namespace medpfl
