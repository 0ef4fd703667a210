#include "config/first_weights.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file_faults.hpp"
#include "h5/virtual_rows.hpp"
#include "models/state_dict.hpp"
#include "results/run/recorded_layout.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {
namespace {

// Whether model.weights names a run: its folder or its run.h5.
bool names_run(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) ||
         std::filesystem::path(path).extension() == ".h5";
}

// The bytes of a file, mapped: they take memory where they are read alone.
class WeightsFile {
 public:
  explicit WeightsFile(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
      throw DataError(fmt::format("model.weights={}: is no regular file", path));
    // Boost says nothing of why a file cannot be opened.
    if (const std::string reason = why_unreadable(path); !reason.empty())
      throw DataError(fmt::format("model.weights={}: the file cannot be read: {}", path, reason));
    if (std::filesystem::file_size(path, error) == 0 || error) return;
    namespace ipc = boost::interprocess;
    region_ = ipc::mapped_region(ipc::file_mapping(path.c_str(), ipc::read_only), ipc::read_only);
  }
  std::string_view bytes() const {
    return {static_cast<const char*>(region_.get_address()), region_.get_size()};
  }

 private:
  boost::interprocess::mapped_region region_;
};

std::string where_in_run(const Settings& s) {
  return s.weights_round < 0
             ? fmt::format("model.weights={}", s.weights_file)
             : fmt::format("model.weights={}, weights_round={}", s.weights_file, s.weights_round);
}

// Returns all values of a model that a run recorded.
std::vector<float> read_recorded(const Settings& s, const h5::File& run) {
  const std::string dataset = "/rounds/weights";
  if (!run.exists(dataset))
    throw DataError(fmt::format("{}: the run holds no weights; record it with output.weights=true",
                                where_in_run(s)));
  h5::VirtualRows rows(run, dataset);
  const int64_t models = rows.shape().at(0);
  if (s.weights_round >= models || models == 0)
    throw DataError(
        fmt::format("{}: the run holds the weights before rounds 0 to {}, the last of which are "
                    "those at its end",
                    where_in_run(s), models - 1));
  return rows.read<float>(s.weights_round < 0 ? models - 1 : s.weights_round);
}

StateDict read_run(const Settings& s) {
  const h5::File run = open_run(s.weights_file);
  const std::vector<float> values = read_recorded(s, run);
  FlatParameters weights(recorded_layout(run));
  if (weights.size() != static_cast<int64_t>(values.size()))
    throw DataError(fmt::format("{}: {} values do not fit the {} of /model; the file is damaged",
                                where_in_run(s), values.size(), weights.size()));
  std::copy(values.begin(), values.end(), weights.data());
  StateDict tensors;
  for (int64_t i = 0; i < weights.layout().count(); ++i)
    tensors.emplace(weights.layout()[i].name, weights.view(i).clone());
  return tensors;
}

// Errors of the run's file become errors of the data, as it is an input here.
template <class Read>
auto as_input(const Settings& s, Read read) {
  try {
    return read();
  } catch (const FormatError& error) {
    throw DataError(fmt::format("{}: {}", where_in_run(s), error.what()));
  }
}

}  // namespace

FlatParameters make_first_weights(const Settings& settings, const Model& model) {
  FlatParameters weights = initial_weights(model, settings.init, settings.seeds.server);
  const std::string& path = settings.weights_file;
  if (path.empty()) return weights;
  if (settings.weights_round >= 0 && !names_run(path))
    throw DataError(fmt::format("model.weights_round={}: {} is a file of one model, no run",
                                settings.weights_round, path));
  StateDict tensors = names_run(path) ? as_input(settings, [&] { return read_run(settings); })
                                      : read_state_dict(WeightsFile(path).bytes(), path);
  load_state_dict(std::move(tensors), model, settings.new_head, path, &weights);
  return weights;
}

std::string digest_weights(const Settings& settings) {
  const std::string& path = settings.weights_file;
  if (path.empty()) return "";
  Digest digest;
  if (names_run(path))
    digest.add(as_input(settings, [&] { return read_recorded(settings, open_run(path)); }));
  else
    digest.add(WeightsFile(path).bytes());
  return digest.text();
}

}  // namespace medpfl
