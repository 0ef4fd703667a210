#include "results/run/attack_arrays.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "data/dataset.hpp"
#include "h5/axes.hpp"
#include "h5/view.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {
namespace {

const std::string kTruth = "/attacks/truth", kReconstruction = "/attacks/reconstruction";

void append(const at::Tensor& image, std::vector<float>* out) {
  const at::Tensor data = image.contiguous();
  out->insert(out->end(), data.data_ptr<float>(), data.data_ptr<float>() + data.numel());
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

// Colors last, as viewers take them; a gray image has three equal ones.
void write_pairs(h5::File* file, int64_t images, const ImageShape& shape) {
  std::vector<h5::ViewPart> parts;
  const h5::Shape one_channel = {images, 1, shape.height, shape.width};
  const h5::Shape one_color = {images, shape.height, shape.width, 1};
  for (int64_t side = 0; side < 2; ++side)
    for (int64_t color = 0; color < 3; ++color)
      parts.push_back({{{0, 0, side * shape.width, color}, one_color},
                       side == 0 ? kTruth : kReconstruction,
                       {{0, std::min(color, shape.channels - 1), 0, 0}, one_channel}});
  h5::write_view<float>(file, "/attacks/pairs", {images, shape.height, 2 * shape.width, 3}, parts,
                        {"true images (left) beside their reconstructions (right)",
                         "0 to 1",
                         {"image", "row", "pair_column", "color"}});
  file->write_attribute("/attacks/pairs", "interpretation", std::string("rgb-image"));
  file->write_attribute("/attacks/pairs", "long_name",
                        std::string("true image (left), reconstruction (right)"));
  std::vector<int64_t> rows(static_cast<size_t>(images));
  std::iota(rows.begin(), rows.end(), 0);
  TableWriter(file, "/attacks", "image").column("image", rows, "number of the row");
  h5::show(file, "/attacks", {"pairs", {"image", ".", ".", "."}});
}

}  // namespace

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
  file->write(kTruth, truth, extent, {"true images", "0 to 1", axes});
  file->write(kReconstruction, reconstruction, extent,
              {"reconstructed images, matched to the truth", "0 to 1", axes});
  write_pairs(file, n, shape);
  const auto s = static_cast<int64_t>(wanted);
  file->write("/attacks/snapshots", snapshots, {n, s, shape.channels, shape.height, shape.width},
              {"images on the way", "0 to 1", {"image", "snapshot", "channel", "row", "column"}});
  file->write(
      "/attacks/snapshot_iterations", iterations, {n, s},
      {"iteration of each snapshot; -1: the attack ended earlier", "1", {"image", "snapshot"}});
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
  h5::show(file, "/attacks/trace", {"objective", {".", "."}});
}

}  // namespace medpfl
