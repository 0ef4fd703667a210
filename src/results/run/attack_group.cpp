#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "data/dataset.hpp"
#include "metrics/image.hpp"
#include "metrics/leak_summary.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/run_record.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {
namespace {

// One task and what belongs to it.
struct TaskRow {
  const AttackTask* task = nullptr;
  const AttackCase* of = nullptr;
  std::string method, knowledge;
};

std::vector<TaskRow> task_rows(const AttackQueue& queue) {
  std::vector<TaskRow> rows;
  for (const AttackTask* task : queue.finished())
    rows.push_back(
        {task, &queue.attack_case(*task), queue.method(*task).name, queue.knowledge(*task)});
  return rows;
}

std::string kind_of(const AttackCase& of) {
  const Observation& o = of.observation;
  return o.client == Observation::kSum ? "sum" : o.probe < 0 ? "update" : "probe";
}

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

void write_tasks(h5::File* file, const std::vector<TaskRow>& tasks, const RunRecord& record) {
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
  table.column<int64_t, T>(
      "client", tasks, [](const T& t) { return t.of->observation.client; },
      "hospital attacked; -1: all, by their sum");
  table.column<std::string, T>(
      "kind", tasks, [](const T& t) { return kind_of(*t.of); },
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
  const std::string threat = record.attacks->threat();
  table.column<std::string, T>(
      "threat", tasks, [&](const T&) { return threat; }, "honest-but-curious | malicious-server");
  table.column<std::string, T>(
      "knowledge", tasks, [](const T& t) { return t.knowledge; }, "what the attacker was told");
  file->write_attribute("/attacks/tasks", "engine", record.engine);
}

// One reconstructed image and where it comes from.
struct ImageRow {
  int64_t task = 0, index = 0;
  const Truth* truth = nullptr;
  const Reconstruction* result = nullptr;
  const ImageScore* score = nullptr;
  const OracleScore* oracle = nullptr;
  bool label_found = false;
};

// Which true classes are among those inferred for the batch, each inferred one used once: right
// labels of matched images first, so that a lost image does not cost a right label.
std::vector<bool> labels_found(const Truth& truth, const AttackTask& task) {
  std::multiset<int64_t> left(task.result.labels.begin(), task.result.labels.end());
  std::vector<bool> found(task.scores.size(), false);
  for (const bool matched : {true, false})
    for (size_t i = 0; i < found.size(); ++i) {
      const int64_t label = truth.labels[i];
      const auto reconstruction = static_cast<size_t>(task.scores[i].reconstruction);
      if (found[i] || (matched && task.result.labels[reconstruction] != label)) continue;
      const auto one = left.find(label);
      if (one == left.end()) continue;
      left.erase(one);
      found[i] = true;
    }
  return found;
}

void write_images(h5::File* file, const std::vector<ImageRow>& rows, const Model& model) {
  using I = ImageRow;
  TableWriter table(file, "/attacks/images", "image");
  table.column<int64_t, I>(
      "task", rows, [](const I& i) { return i.task; }, "task it belongs to");
  table.column<int64_t, I>(
      "index", rows, [](const I& i) { return i.index; }, "place in the batch");
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
      "rdlv", rows, [](const I& i) { return i.score->rdlv; }, "relative data leakage value");
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
  file->write_attribute("/attacks/images", "ssim_window",
                        ssim_window(model.input().height, model.input().width));
}

// What the attacker chose, by method, kind and round, and of all rounds as kAllRounds.
std::vector<LeakRow> leaks_of(const std::vector<TaskRow>& tasks,
                              const std::vector<ImageRow>& rows) {
  std::map<std::tuple<std::string, std::string, int64_t>,
           std::pair<std::vector<ChosenImage>, std::vector<ChosenTask>>>
      groups;
  const auto each = [&](const TaskRow& row, const auto& add) {
    for (const int64_t round : {kAllRounds, row.of->observation.round})
      if (row.task->chosen) add(&groups[{row.method, kind_of(*row.of), round}]);
  };
  for (const TaskRow& row : tasks) {
    const Reconstruction& r = row.task->result;
    each(row, [&](auto* group) {
      group->second.push_back({r.objective, r.matching_loss, r.iterations, r.evaluations, r.seconds,
                               r.status == "diverged", row.of->gradient_norm < kVanishedNorm});
    });
  }
  for (const ImageRow& row : rows)
    each(tasks[static_cast<size_t>(row.task)], [&](auto* group) {
      group->first.push_back({*row.score, row.label_found});
    });
  std::vector<LeakRow> out;
  for (const auto& [key, group] : groups)
    out.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key),
                   summarize_leak(group.first, group.second)});
  return out;
}

void append(const at::Tensor& image, std::vector<float>* out) {
  const at::Tensor data = image.contiguous();
  out->insert(out->end(), data.data_ptr<float>(), data.data_ptr<float>() + data.numel());
}

void write_pixels(h5::File* file, const std::vector<ImageRow>& rows, const RunRecord& record) {
  const ImageShape& shape = record.model->input();
  const auto n = static_cast<int64_t>(rows.size());
  const auto wanted = record.snapshot_iterations.size();
  std::vector<float> truth, reconstruction, snapshots;
  std::vector<int64_t> iterations;
  for (const ImageRow& row : rows) {
    append(to_unit_range(row.truth->images.select(0, row.index)), &truth);
    const int64_t matched = row.score->reconstruction;
    append(row.result->images.select(0, matched), &reconstruction);
    const Reconstruction& result = *row.result;
    for (size_t s = 0; s < wanted; ++s) {
      const bool there = s < result.snapshots.size();
      iterations.push_back(there ? result.snapshot_iterations[s] : -1);
      if (there)
        append(result.snapshots[s].select(0, matched), &snapshots);
      else
        snapshots.resize(snapshots.size() + static_cast<size_t>(shape.size()), 0.0F);
    }
  }
  const std::vector<std::string> axes = {"image", "channel", "row", "column"};
  const h5::Shape extent = {n, shape.channels, shape.height, shape.width};
  file->write("/attacks/truth", truth, extent, {"true images", "0 to 1", axes});
  file->write("/attacks/reconstruction", reconstruction, extent,
              {"reconstructed images, matched to the truth", "0 to 1", axes});
  const auto s = static_cast<int64_t>(wanted);
  file->write("/attacks/snapshots", snapshots, {n, s, shape.channels, shape.height, shape.width},
              {"images on the way", "0 to 1", {"image", "snapshot", "channel", "row", "column"}});
  file->write(
      "/attacks/snapshot_iterations", iterations, {n, s},
      {"iteration of each snapshot; -1: the attack ended earlier", "1", {"image", "snapshot"}});
}

// A dataset for each term that any task has.
void write_terms(h5::File* file, const std::vector<TaskRow>& tasks, size_t points) {
  std::map<std::string, std::vector<double>> terms;
  for (size_t t = 0; t < tasks.size(); ++t) {
    const Reconstruction& result = tasks[t].task->result;
    for (size_t k = 0; k < result.terms.size(); ++k) {
      std::vector<double>& values = terms[result.terms[k]];
      values.resize(tasks.size() * points, std::numeric_limits<double>::quiet_NaN());
      for (size_t i = 0; i < result.trace.size(); ++i)
        values[t * points + i] = result.trace_terms[i * result.terms.size() + k];
    }
  }
  const h5::Shape shape = {static_cast<int64_t>(tasks.size()), static_cast<int64_t>(points)};
  for (const auto& [name, values] : terms)
    file->write("/attacks/trace/terms/" + name, values, shape,
                {"part of the objective, its weight included", "1", {"task", "point"}});
}

void write_trace(h5::File* file, const std::vector<TaskRow>& tasks) {
  size_t points = 0;
  for (const TaskRow& row : tasks) points = std::max(points, row.task->result.trace.size());
  std::vector<int64_t> iterations;
  std::vector<double> objective;
  for (const TaskRow& row : tasks) {
    const Reconstruction& result = row.task->result;
    for (size_t i = 0; i < points; ++i) {
      const bool there = i < result.trace.size();
      iterations.push_back(there ? result.trace_iterations[i] : -1);
      objective.push_back(there ? result.trace[i] : std::numeric_limits<double>::quiet_NaN());
    }
  }
  const h5::Shape shape = {static_cast<int64_t>(tasks.size()), static_cast<int64_t>(points)};
  file->write("/attacks/trace/iteration", iterations, shape,
              {"iteration of each point; -1: past the end", "1", {"task", "point"}});
  file->write("/attacks/trace/objective", objective, shape,
              {"the attacker's objective", "1", {"task", "point"}});
  write_terms(file, tasks, points);
}

}  // namespace

void write_attack_group(h5::File* file, const RunRecord& record) {
  if (record.attacks == nullptr) return;
  const std::vector<TaskRow> tasks = task_rows(*record.attacks);
  if (tasks.empty()) return;
  std::vector<ImageRow> rows;
  for (size_t t = 0; t < tasks.size(); ++t) {
    const AttackTask& task = *tasks[t].task;
    const std::vector<bool> found = labels_found(tasks[t].of->truth, task);
    for (size_t i = 0; i < task.scores.size(); ++i)
      rows.push_back({static_cast<int64_t>(t), static_cast<int64_t>(i), &tasks[t].of->truth,
                      &task.result, &task.scores[i], &task.oracle[i], found[i]});
  }
  write_tasks(file, tasks, record);
  write_images(file, rows, *record.model);
  write_leaks(file, leaks_of(tasks, rows));
  write_pixels(file, rows, record);
  write_trace(file, tasks);
}

}  // namespace medpfl
