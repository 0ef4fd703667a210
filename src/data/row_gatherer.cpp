#include "data/row_gatherer.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
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
                         const std::vector<int64_t>& positions, const DataRequest& request)
    : request_(request), pixels_(manifest.pixels) {
  const Manifest::Part& part = manifest.part(split);
  for (const int64_t position : positions) {
    if (position < 0 || position >= part.size())
      throw Error(ExitCode::kInternal,
                  fmt::format("image {} was asked for, of a split of {}", position, part.size()));
    wanted_.emplace_back(part.ids[static_cast<size_t>(position)], wanted_.size());
  }
  std::sort(wanted_.begin(), wanted_.end());
  images_ = at::empty({static_cast<int64_t>(positions.size()), request.channels, request.image_size,
                       request.image_size},
                      pixels_.type());
}

bool RowGatherer::wants(int64_t first, int64_t count) const {
  return next_ < wanted_.size() && wanted_[next_].first >= first &&
         wanted_[next_].first < first + count;
}

at::Tensor RowGatherer::one(int64_t index, const RowShape& shape,
                            const std::vector<unsigned char>& row) const {
  try {
    const SourceImage image = read_levels(shape, row);
    if (shape.type.kind == 'f' && !request_.window) check_range(image);
    return fit_image(in_format(image, request_.window, pixels_), request_.channels,
                     request_.image_size);
  } catch (const DataError& error) {
    throw DataError(
        fmt::format("cannot use image {} of '{}': {}", index, request_.path, error.what()));
  }
}

void RowGatherer::gather(int64_t first, int64_t count, const RowShape& shape,
                         const ByteSource& read) {
  std::vector<unsigned char> row(static_cast<size_t>(shape.bytes()));
  for (int64_t index = first; index < first + count; ++index) {
    read(row.data(), row.size());
    if (next_ == wanted_.size() || wanted_[next_].first != index) continue;
    const at::Tensor image = one(index, shape, row);
    for (; next_ < wanted_.size() && wanted_[next_].first == index; ++next_)
      images_.select(0, wanted_[next_].second).copy_(image);
  }
}

at::Tensor RowGatherer::result() const {
  if (next_ != wanted_.size())
    throw DataError(fmt::format("image {} is not in '{}': the file changed since it was scanned",
                                wanted_[next_].first, request_.path));
  return images_;
}

}  // namespace medpfl
