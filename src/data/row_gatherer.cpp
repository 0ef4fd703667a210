#include "data/row_gatherer.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"
#include "data/image_transform.hpp"

namespace medpfl {

namespace {

// The image in `row`, whose bytes outlive it.
SourceImage read_levels(const RowShape& shape, const std::vector<unsigned char>& row) {
  const std::vector<int64_t> extents = {shape.height, shape.width, shape.channels};
  const NpyType& type = shape.type;
  if (type.kind == 'u' && type.item_bytes == 1)
    return {at::from_blob(const_cast<unsigned char*>(row.data()), extents, at::kByte)
                .permute({2, 0, 1})};
  const at::Tensor levels = at::empty(extents, at::kDouble);
  double* out = levels.data_ptr<double>();
  for (size_t at = 0; at < row.size(); at += static_cast<size_t>(type.item_bytes))
    *out++ = npy_level(type, row.data() + at);
  return {levels.permute({2, 0, 1}), type.white()};
}

void check_range(const SourceImage& image) {
  const double least = image.levels.min().item<double>(), most = image.levels.max().item<double>();
  if (least < 0 || most > image.white)
    throw DataError(
        fmt::format("it has levels from {} to {}, but black is 0 and white is {}; set data.window "
                    "to the two levels that shall be black and white",
                    shortest(least), shortest(most), shortest(image.white)));
}

}  // namespace

RowGatherer::RowGatherer(const Manifest& manifest, Split split,
                         const std::vector<int64_t>& positions, const DataRequest& request,
                         ReadNotes* notes)
    : request_(request), pixels_(manifest.pixels), notes_(notes) {
  const Manifest::Part& part = manifest.part(split);
  for (const int64_t position : positions) {
    if (position < 0 || position >= part.size())
      throw Error(ExitCode::kInternal,
                  fmt::format("image {} was asked for, of a split of {}", position, part.size()));
    wanted_.emplace_back(part.ids[static_cast<size_t>(position)], wanted_.size());
  }
  std::sort(wanted_.begin(), wanted_.end());
  images_ = empty_images(static_cast<int64_t>(positions.size()), request, pixels_);
}

bool RowGatherer::wants(int64_t first, int64_t count) const {
  return next_ < wanted_.size() && wanted_[next_].first >= first &&
         wanted_[next_].first < first + count;
}

at::Tensor RowGatherer::one(int64_t index, const RowShape& shape, const Row& row) const {
  try {
    const SourceImage image = read_levels(shape, row);
    if (shape.type.kind == 'f' && !request_.window) check_range(image);
    return prepare_image(image, request_, pixels_, notes_);
  } catch (const DataError& error) {
    throw DataError(
        fmt::format("cannot use image {} of '{}': {}", index, request_.path, error.what()));
  }
}

void RowGatherer::keep(int64_t index, const RowShape& shape, const Row& row) {
  const at::Tensor image = one(index, shape, row);
  for (; next_ < wanted_.size() && wanted_[next_].first == index; ++next_)
    images_.select(0, wanted_[next_].second).copy_(image);
}

void RowGatherer::gather(int64_t first, int64_t count, const RowShape& shape,
                         const ByteSource& read) {
  if (shape.fortran) return gather_fortran(first, count, shape, read);
  Row row(static_cast<size_t>(shape.bytes()));
  for (int64_t index = first; index < first + count; ++index) {
    end_if_stop_signalled();
    read(row.data(), row.size());
    if (wants(index, 1)) keep(index, shape, row);
  }
}

void RowGatherer::gather_fortran(int64_t first, int64_t count, const RowShape& shape,
                                 const ByteSource& read) {
  std::map<int64_t, Row> rows;
  for (size_t i = next_; i < wanted_.size() && wanted_[i].first < first + count; ++i)
    rows[wanted_[i].first].resize(static_cast<size_t>(shape.bytes()));
  const auto item = static_cast<size_t>(shape.type.item_bytes);
  Row level(static_cast<size_t>(count) * item);  // of all images, at one place
  for (int64_t c = 0; c < shape.channels; ++c)
    for (int64_t x = 0; x < shape.width; ++x)
      for (int64_t y = 0; y < shape.height; ++y) {
        end_if_stop_signalled();
        read(level.data(), level.size());
        const auto place = static_cast<size_t>((y * shape.width + x) * shape.channels + c) * item;
        for (auto& [index, row] : rows)
          std::copy_n(level.data() + static_cast<size_t>(index - first) * item, item,
                      row.data() + place);
      }
  for (const auto& [index, row] : rows) keep(index, shape, row);
}

at::Tensor RowGatherer::result() const {
  if (next_ != wanted_.size())
    throw DataError(fmt::format("image {} is not in '{}': the file changed since it was scanned",
                                wanted_[next_].first, request_.path));
  return images_;
}

}  // namespace medpfl
