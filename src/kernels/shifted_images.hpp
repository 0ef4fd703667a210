#pragma once
#include <cstdint>
#include <memory>
#include <vector>

namespace medpfl {

/// A pixel that a moving window reads, by its offset in pixels from the place of the window.
struct Tap {
  int64_t y, x;
};

/// Images arranged for a moving window: at place (i, j) of `height` x `width` places a tap reads
/// the pixel (i * step + tap.y, j * step + tap.x), zero outside the image. A channel is copied once
/// for each tap.x, and, where the step is above 1, for each remainder of tap.y by the step, so that
/// the pixels a tap reads in it, place after place, are contiguous in memory.
class ShiftedImages {
 public:
  /// `height`, `width`: places of the window; `step`: pixels between them.
  ShiftedImages(int64_t height, int64_t width, int64_t step, const std::vector<Tap>& taps);

  /// Takes in images [count, channels, image_height, image_width] in place of those before. Behind
  /// the last one kTileColumns floats can be read too, which are zero.
  void fill(const float* images, int64_t count, int64_t channels, int64_t image_height,
            int64_t image_width);

  int64_t count() const { return count_; }
  int64_t places() const { return height_ * width_; }
  int64_t taps() const { return static_cast<int64_t>(offsets_.size()); }
  /// Returns for each tap the offset, in floats, from the start of a channel to the first pixel
  /// that the tap reads.
  const int64_t* offsets() const { return offsets_.data(); }
  /// Returns the offset, in floats, from a channel to the next.
  int64_t channel_step() const { return channel_step_; }
  /// Returns the first channel of image n.
  const float* image(int64_t n) const { return data_.get() + n * channels_ * channel_step(); }
  /// Returns how many floats one image of so many channels takes.
  int64_t image_size(int64_t channels) const { return channels * channel_step(); }

 private:
  // One copy of a channel: its first pixel is (y, x) of the image, or outside.
  struct Copy {
    int64_t y, x;
  };
  void copy_channel(const Copy& copy, const float* image, int64_t image_height, int64_t image_width,
                    float* to) const;

  int64_t height_, width_, step_;
  int64_t rows_ = 0, plane_ = 0, channel_step_ = 0;  // rows and plane of each copy of a channel
  std::vector<Copy> copies_;
  std::vector<int64_t> offsets_;
  int64_t count_ = 0, channels_ = 0, capacity_ = 0;
  std::unique_ptr<float[]> data_;
};

}  // namespace medpfl
