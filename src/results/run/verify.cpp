#include "results/run/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/error.hpp"
#include "core/file_faults.hpp"
#include "core/text.hpp"
#include "h5/virtual_rows.hpp"
#include "results/folder/file_digests.hpp"
#include "results/resume/checkpoint.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

constexpr int64_t kPieceValues = int64_t{4} << 20;

// Columns with the checksums of rows of a virtual dataset.
std::string checksums_of(const std::string& dataset) {
  return dataset.substr(0, dataset.rfind('/')) + "/checksum";
}

// Rows that come from other files; what the file itself shows elsewhere is read there.
void read_virtual(const h5::File& file, const std::string& dataset) {
  const std::vector<h5::VirtualBlock> blocks = file.virtual_blocks(dataset);
  if (!blocks.empty() && blocks[0].file == ".") return;
  h5::VirtualRows rows(file, dataset, checksums_of(dataset));
  for (int64_t row = 0; row < rows.shape().at(0); ++row) rows.verify(row);
}

void read_values(const h5::File& file, const std::string& dataset) {
  const h5::Shape shape = file.shape(dataset);
  if (file.is_virtual(dataset)) return read_virtual(file, dataset);
  if (file.is_text(dataset)) {
    file.read<std::string>(dataset);
    return;
  }
  if (shape.empty()) return;
  int64_t row = 1;
  for (size_t i = 1; i < shape.size(); ++i) row *= shape[i];
  const int64_t step = std::max<int64_t>(1, kPieceValues / std::max<int64_t>(1, row));
  for (int64_t at = 0; at < shape[0]; at += step)
    file.read_bytes(dataset, at, std::min(step, shape[0] - at));
}

FileCheck check_file(const std::string& path) {
  FileCheck found = {path, "", {}};
  const auto note = [&](const auto& step) {
    try {
      step();
    } catch (const FormatError& error) {
      found.faults.emplace_back(error.what());
    }
  };
  note([&] {
    const h5::File file = h5::File::open(path);
    const std::vector<std::string> datasets = file.datasets();
    found.contents = counted(static_cast<int64_t>(datasets.size()), "dataset");
    for (const std::string& dataset : datasets) note([&] { read_values(file, dataset); });
  });
  return found;
}

FileCheck check_digests(const std::string& path) {
  try {
    const DigestCheck compared = compare_digests(path);
    return {path, counted(compared.files, "file"), compared.faults};
  } catch (const FormatError& error) {
    return {path, "", {error.what()}};
  }
}

bool is_checkpoint(const std::string& name) { return name.rfind("checkpoint", 0) == 0; }

// Segments and images of a run are read through its run.h5.
bool is_result(const std::string& name) {
  return name == "run.h5" || name == "audit.h5" || name == "sweep.h5" || is_checkpoint(name) ||
         name.rfind("benchmark", 0) == 0;
}

bool can_be_checked(const fs::path& path) {
  const std::string name = path.filename().string();
  return name == kDigestsFile || (path.extension() == ".h5" && is_result(name));
}

}  // namespace

void verify_results(const std::string& path, const std::function<void(const FileCheck&)>& report) {
  refuse_unreadable_result(path);
  if (fs::is_regular_file(path)) return report(check_file(path));
  std::vector<std::string> files;
  std::error_code failure;
  fs::recursive_directory_iterator at(path, failure);
  for (; !failure && at != fs::recursive_directory_iterator(); at.increment(failure))
    if (can_be_checked(at->path())) files.push_back(at->path().string());
  if (failure)
    throw FormatError(fmt::format("{}: cannot look into it: {}", path, failure.message()));
  if (files.empty()) throw FormatError(fmt::format("{}: holds no results", path));
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    const std::string name = fs::path(file).filename().string();
    FileCheck found = name == kDigestsFile ? check_digests(file) : check_file(file);
    if (is_checkpoint(name)) try {
        verify_checkpoint(file);
      } catch (const FormatError& error) {
        found.faults.emplace_back(error.what());
      }
    report(found);
  }
}

}  // namespace medpfl
