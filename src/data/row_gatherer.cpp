#include "data/row_gatherer.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "data/image_transform.hpp"

namespace medpfl {

RowGatherer::RowGatherer(const Manifest::Part& part, const std::vector<int64_t>& positions,
                         const DataRequest& request)
    : request_(request) {
  for (const int64_t position : positions) {
    if (position < 0 || position >= part.size())
      throw Error(ExitCode::kInternal,
                  fmt::format("image {} was asked for, of a split of {}", position, part.size()));
    wanted_.emplace_back(part.ids[static_cast<size_t>(position)], wanted_.size());
  }
  std::sort(wanted_.begin(), wanted_.end());
  images_ = at::empty({static_cast<int64_t>(positions.size()), request.channels, request.image_size,
                       request.image_size},
                      at::kByte);
}

bool RowGatherer::wants(int64_t first, int64_t count) const {
  return next_ < wanted_.size() && wanted_[next_].first >= first &&
         wanted_[next_].first < first + count;
}

void RowGatherer::gather(int64_t first, int64_t count, const RowShape& shape,
                         const ByteSource& read) {
  const at::Tensor row = at::empty({shape.height, shape.width, shape.channels}, at::kByte);
  for (int64_t index = first; index < first + count; ++index) {
    read(row.data_ptr<uint8_t>(), static_cast<size_t>(shape.bytes()));
    for (; next_ < wanted_.size() && wanted_[next_].first == index; ++next_)
      images_.select(0, wanted_[next_].second)
          .copy_(fit_image(row.permute({2, 0, 1}), request_.channels, request_.image_size));
  }
}

at::Tensor RowGatherer::result() const {
  if (next_ != wanted_.size())
    throw DataError(fmt::format("image {} is not in '{}': the file changed since it was scanned",
                                wanted_[next_].first, request_.path));
  return images_;
}

}  // namespace medpfl
