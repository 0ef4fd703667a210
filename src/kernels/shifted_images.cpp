#include "kernels/shifted_images.hpp"

#include <algorithm>

#include "kernels/register_tile.hpp"

namespace medpfl {
namespace {

constexpr int64_t kLine = 16;  // floats of a line of the cache

int64_t remainder(int64_t a, int64_t b) { return (a % b + b) % b; }

}  // namespace

// Taps whose rows are whole steps apart share a copy.
ShiftedImages::ShiftedImages(int64_t height, int64_t width, int64_t step,
                             const std::vector<Tap>& taps)
    : height_(height), width_(width), step_(step) {
  const auto same = [&](const Copy& copy, const Tap& tap) {
    return copy.x == tap.x && remainder(copy.y - tap.y, step_) == 0;
  };
  const auto copy_of = [&](const Tap& tap) {
    return std::find_if(copies_.begin(), copies_.end(),
                        [&](const Copy& copy) { return same(copy, tap); });
  };
  for (const Tap& tap : taps) {
    const auto copy = copy_of(tap);
    if (copy == copies_.end())
      copies_.push_back({tap.y, tap.x});
    else
      copy->y = std::min(copy->y, tap.y);
  }
  for (const Tap& tap : taps) rows_ = std::max(rows_, (tap.y - copy_of(tap)->y) / step_ + height_);
  plane_ = rows_ * width_;
  // An odd number of cache lines, or the channels of a place would share few sets of the cache.
  const int64_t floats = static_cast<int64_t>(copies_.size()) * plane_;
  channel_step_ = ((floats + kLine - 1) / kLine | 1) * kLine;
  for (const Tap& tap : taps) {
    const auto copy = copy_of(tap);
    offsets_.push_back((copy - copies_.begin()) * plane_ + (tap.y - copy->y) / step_ * width_);
  }
}

void ShiftedImages::fill(const float* images, int64_t count, int64_t channels, int64_t image_height,
                         int64_t image_width) {
  count_ = count;
  channels_ = channels;
  const int64_t needed = count * channels * channel_step();
  if (needed > capacity_) {
    data_.reset(new float[static_cast<size_t>(needed + kTileColumns)]);
    capacity_ = needed;
  }
  std::fill_n(data_.get() + needed, kTileColumns, 0.0F);
  for (int64_t i = 0; i < count * channels; ++i) {
    float* to = data_.get() + i * channel_step_;
    for (const Copy& copy : copies_) {
      copy_channel(copy, images + i * image_height * image_width, image_height, image_width, to);
      to += plane_;
    }
    // Tiles at the end of a channel read beyond it.
    std::fill(to, data_.get() + (i + 1) * channel_step_, 0.0F);
  }
}

void ShiftedImages::copy_channel(const Copy& copy, const float* image, int64_t image_height,
                                 int64_t image_width, float* to) const {
  // The places whose pixels are inside.
  const auto first = [&](int64_t start) { return start < 0 ? (step_ - 1 - start) / step_ : 0; };
  const auto end = [&](int64_t start, int64_t size, int64_t places) {
    return std::clamp<int64_t>((size - start + step_ - 1) / step_, 0, places);
  };
  const int64_t top = std::min(first(copy.y), rows_);
  const int64_t bottom = std::max(top, end(copy.y, image_height, rows_));
  const int64_t left = std::min(first(copy.x), width_);
  const int64_t right = std::max(left, end(copy.x, image_width, width_));
  if (bottom == top || right == left) {
    std::fill_n(to, plane_, 0.0F);
    return;
  }
  std::fill_n(to, top * width_, 0.0F);
  std::fill_n(to + bottom * width_, (rows_ - bottom) * width_, 0.0F);
  const float* from = image + (copy.y + top * step_) * image_width + copy.x;
  float* row = to + top * width_;
  if (step_ == 1 && image_width == width_) {
    // Rows follow each other as in the image: one run, in which the ends of rows are then cleared.
    std::copy(from + left, from + (bottom - top - 1) * width_ + right, row + left);
    for (int64_t i = top; i < bottom; ++i, row += width_) {
      for (int64_t j = 0; j < left; ++j) row[j] = 0;
      for (int64_t j = right; j < width_; ++j) row[j] = 0;
    }
    return;
  }
  for (int64_t i = top; i < bottom; ++i, row += width_, from += step_ * image_width) {
    std::fill_n(row, left, 0.0F);
    for (int64_t j = left; j < right; ++j) row[j] = from[j * step_];
    std::fill_n(row + right, width_ - right, 0.0F);
  }
}

}  // namespace medpfl
