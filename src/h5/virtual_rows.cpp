#include "h5/virtual_rows.hpp"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <fmt/format.h>

#include <filesystem>

#include "core/error.hpp"

namespace medpfl::h5 {

VirtualRows::VirtualRows(const File& file, const std::string& dataset)
    : file_(file.path()),
      dataset_(dataset),
      folder_(std::filesystem::absolute(file.path()).parent_path().string()),
      shape_(file.shape(dataset)),
      blocks_(file.virtual_blocks(dataset)) {}

template <class T>
std::vector<T> VirtualRows::read(int64_t row) {
  auto block = blocks_.begin();
  while (block != blocks_.end() && row >= block->rows) row -= (block++)->rows;
  if (block == blocks_.end())
    throw FormatError(
        fmt::format("{}:{} has no source of row {}; the file is damaged", file_, dataset_, row));
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
  return open_->read_rows<T>(block->dataset, row, 1);
}

template std::vector<float> VirtualRows::read(int64_t);
template std::vector<c10::Half> VirtualRows::read(int64_t);
template std::vector<c10::BFloat16> VirtualRows::read(int64_t);
template std::vector<uint8_t> VirtualRows::read(int64_t);

}  // namespace medpfl::h5
