#include "results/capture/gradient_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "results/run/recorded_layout.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {
GradientReader::GradientReader(const std::string& path) : GradientReader(open_run(path)) {}

GradientReader::GradientReader(const h5::File& run) : where_(run.path()) {
  if (!run.exists("/gradients/values"))
    throw FormatError(
        fmt::format("{}: holds no recorded gradients (output.gradients=none, or the "
                    "run has not come to its first checkpoint)",
                    where_));
  layout_ = recorded_layout(run);
  const auto recorded = run.read<std::string>("/gradients/layers/name");
  std::vector<std::string> missing;
  for (const ParameterLayout::Entry& tensor : layout_.entries())
    if (std::find(recorded.begin(), recorded.end(), tensor.name) == recorded.end())
      missing.push_back(tensor.name);
  missing_layers_ = join(missing);
  values_.emplace(run, "/gradients/values", "/gradients/checksum");
  precision_ =
      words_of(Precision()).parse(run.read_text_attribute("/gradients/values", "precision"));
  payload_is_gradient_ = run.read_text_attribute("/gradients", "payload") == "gradient";
  read_columns(run);
}

void GradientReader::read_columns(const h5::File& run) {
  const std::string group = "/gradients/";
  rows_.round = run.read<int64_t>(group + "round");
  rows_.client = run.read<int64_t>(group + "client");
  rows_.probe = run.read<int64_t>(group + "probe");
  rows_.examples = run.read<int64_t>(group + "examples");
  rows_.steps = run.read<int64_t>(group + "steps");
  rows_.norm = run.read<double>(group + "norm");
  rows_.loss = run.read<double>(group + "loss");
  for (const size_t rows : {rows_.client.size(), rows_.probe.size(), rows_.examples.size(),
                            rows_.steps.size(), rows_.norm.size(), rows_.loss.size()})
    if (rows != rows_.round.size())
      throw FormatError(
          fmt::format("{}: columns of /gradients differ in length: {} and {}; the file is damaged",
                      where_, rows_.round.size(), rows));
  rows_.images.resize(rows_.round.size());
  if (!run.exists(group + "batches")) return;
  const auto index = run.read<int64_t>(group + "batches/index");
  const auto start = run.read<int64_t>(group + "batches/start");
  const auto image = run.read<int64_t>(group + "batches/image");
  for (size_t g = 0; g < rows_.images.size(); ++g)
    for (int64_t i = start.at(g); i < start.at(g + 1); ++i)
      rows_.images[g].push_back(index.at(static_cast<size_t>(image.at(static_cast<size_t>(i)))));
}

FlatParameters GradientReader::read(int64_t row) {
  if (row < 0 || row >= size())
    throw FormatError(fmt::format("{}: has {} recorded gradients, no row {}", where_, size(), row));
  if (!missing_layers_.empty())
    throw FormatError(
        fmt::format("{}: the recorded gradients are not complete: without {}; run again with "
                    "--output.layers=all",
                    where_, missing_layers_));
  FlatParameters out;
  // As stored: HDF5's own conversion of 16-bit floats takes some 90 ns a value.
  with_type_of(precision_, [&](auto zero) {
    out = recorded_parameters(layout_, values_->read<decltype(zero)>(row), where_);
  });
  return out;
}

}  // namespace medpfl
