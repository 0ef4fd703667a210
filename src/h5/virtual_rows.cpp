#include "h5/virtual_rows.hpp"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <fmt/format.h>

#include <filesystem>

#include "core/error.hpp"
#include "h5/row_checksum.hpp"

namespace medpfl::h5 {

VirtualRows::VirtualRows(const File& file, const std::string& dataset, const std::string& checksums)
    : file_(file.path()),
      dataset_(dataset),
      folder_(std::filesystem::canonical(file.path()).parent_path().string()),
      shape_(file.shape(dataset)),
      blocks_(file.virtual_blocks(dataset)) {
  if (checksums.empty() || !file.exists(checksums)) return;
  checksums_ = file.read<int64_t>(checksums);
  if (static_cast<int64_t>(checksums_.size()) != shape_.at(0))
    throw FormatError(fmt::format("{}:{} has {} checksums for {} rows; the file is damaged", file_,
                                  checksums, checksums_.size(), shape_[0]));
}

template <class Read>
auto VirtualRows::from_its_file(int64_t row, const Read& read) {
  const int64_t whole = row;
  auto block = blocks_.begin();
  while (block != blocks_.end() && row >= block->rows) row -= (block++)->rows;
  if (block == blocks_.end())
    throw FormatError(
        fmt::format("{}:{} has no source of row {}; the file is damaged", file_, dataset_, whole));
  if (block->file != open_name_) {
    open_.reset();
    open_ = File::open(folder_ + "/" + block->file);
    open_name_ = block->file;
  }
  Shape expected = shape_;
  expected.at(0) = block->rows;
  if (open_->shape(block->dataset) != expected)
    throw FormatError(
        fmt::format("{}/{}: does not have the rows that {} takes from it; the file does not belong "
                    "to this run",
                    folder_, block->file, file_));
  return read(*open_, block->dataset, row);
}

void VirtualRows::check(int64_t row, int64_t checksum) const {
  const int64_t expected = checksums_.empty() ? -1 : checksums_.at(static_cast<size_t>(row));
  if (expected >= 0 && checksum != expected)
    throw FormatError(
        fmt::format("{}/{}: the checksum of row {} of {} does not fit: the file is damaged",
                    folder_, open_name_, row, dataset_));
}

template <class T>
std::vector<T> VirtualRows::read(int64_t row) {
  std::vector<T> values =
      from_its_file(row, [](const File& file, const std::string& dataset, int64_t at) {
        return file.read_rows<T>(dataset, at, 1);
      });
  check(row, row_checksum(values.data(), static_cast<int64_t>(values.size())));
  return values;
}

void VirtualRows::verify(int64_t row) {
  const std::vector<char> bytes =
      from_its_file(row, [](const File& file, const std::string& dataset, int64_t at) {
        return file.read_bytes(dataset, at, 1);
      });
  check(row, row_checksum(bytes.data(), static_cast<int64_t>(bytes.size())));
}

template std::vector<float> VirtualRows::read(int64_t);
template std::vector<c10::Half> VirtualRows::read(int64_t);
template std::vector<c10::BFloat16> VirtualRows::read(int64_t);
template std::vector<uint8_t> VirtualRows::read(int64_t);

}  // namespace medpfl::h5
