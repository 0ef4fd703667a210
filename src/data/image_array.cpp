#include "data/image_array.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "data/image_file.hpp"

namespace medpfl {
namespace {

// More classes than this are taken for something else than class labels.
constexpr int64_t kMaxClasses = 10'000;
constexpr size_t kLabelBlock = 4096;

[[noreturn]] void fail(const NpyHeader& array, const std::string& reason) {
  throw DataError(fmt::format("cannot use {}: {}", array.where, reason));
}

// Whether each row of labels [N, K] is a single 1 among zeros. Reads them all.
bool is_one_hot(const NpyHeader& labels, const ByteSource& read) {
  const auto rows = static_cast<size_t>(labels.shape[0]);
  const auto columns = static_cast<size_t>(labels.shape[1]);
  NpyType type = labels;
  if (type.kind == 'b') type.kind = 'u';
  if (!type.has_levels() || rows == 0 || labels.shape[1] > kMaxClasses) return false;
  std::vector<unsigned char> item(static_cast<size_t>(type.item_bytes));
  std::vector<int64_t> ones(rows, 0);
  for (size_t i = 0; i < rows * columns; ++i) {
    read(item.data(), item.size());
    const double level = npy_level(type, item.data());
    if (level == 1)
      ++ones[labels.fortran ? i % rows : i / columns];
    else if (level != 0)
      return false;
  }
  return std::all_of(ones.begin(), ones.end(), [](int64_t count) { return count == 1; });
}

}  // namespace

RowShape image_shape(const NpyHeader& images) {
  const std::vector<int64_t>& shape = images.shape;
  if (!images.has_levels())
    fail(images,
         fmt::format("images must be integers or floating-point numbers, not {}", images.descr));
  const bool known = shape.size() == 3 || (shape.size() == 4 && (shape[3] == 1 || shape[3] == 3));
  if (!known)
    fail(images,
         fmt::format("images must be of shape (N, H, W), (N, H, W, 1) or (N, H, W, 3), not {}",
                     images.shape_text()));
  for (const int64_t side : {shape[1], shape[2]})
    if (side < 1 || side > kMaxImageSide)
      fail(images, fmt::format("images of shape {} cannot be used, a side must be in [1, {}]",
                               images.shape_text(), kMaxImageSide));
  return {shape[1], shape[2], shape.size() == 4 ? shape[3] : 1, images, images.fortran};
}

double white_level(const NpyHeader& images, const std::optional<Window>& asked) {
  const double white = images.white();
  if (white == 0 && !asked)
    fail(images, fmt::format("its type {} does not say which level is white; set data.window to "
                             "the two levels that shall be black and white",
                             images.descr));
  return white;
}

std::vector<int64_t> read_labels(const NpyHeader& labels, const ByteSource& read) {
  const std::vector<int64_t>& shape = labels.shape;
  if (shape.size() == 2 && shape[1] > 1 && is_one_hot(labels, read))
    fail(labels, fmt::format("its labels are one-hot, of shape {}: save labels.argmax(axis=1)",
                             labels.shape_text()));
  if (!labels.is_integer())
    fail(labels, fmt::format("labels must be integers, not {}{}", labels.descr,
                             labels.kind == 'U' || labels.kind == 'S'
                                 ? ", text: save the number of the class, as "
                                   "numpy.unique(labels, return_inverse=True)[1]"
                                 : ""));
  if (shape.size() != 1 && !(shape.size() == 2 && shape[1] == 1))
    fail(labels, fmt::format("labels must be of shape (N,) or (N, 1), not {}; sets with several "
                             "labels an image are not supported",
                             labels.shape_text()));
  const auto item = static_cast<size_t>(labels.item_bytes);
  std::vector<unsigned char> block(kLabelBlock * item);
  std::vector<int64_t> out;
  for (auto left = static_cast<size_t>(shape[0]); left > 0;) {
    const size_t count = std::min(left, kLabelBlock);
    read(block.data(), count * item);
    for (size_t i = 0; i < count; ++i) {
      const int64_t label = npy_integer(labels, block.data() + i * item);
      if (label < 0 || label >= kMaxClasses)
        fail(labels, fmt::format("label {} of image {} is not a class in 0 ... {}", label,
                                 out.size(), kMaxClasses - 1));
      out.push_back(label);
    }
    left -= count;
  }
  return out;
}

void require_label_for_each(const NpyHeader& images, const std::vector<int64_t>& labels) {
  const int64_t count = images.shape.at(0);
  if (count != static_cast<int64_t>(labels.size()) || count == 0)
    fail(images,
         fmt::format("there are {} images and {} labels; there must be as many of each, and one at "
                     "least",
                     count, labels.size()));
}

void append_rows(const std::vector<int64_t>& labels, int64_t first, int64_t end, int64_t row,
                 Manifest::Part* part) {
  for (int64_t i = first; i < end; ++i) {
    part->ids.push_back(row + i - first);
    part->labels.push_back(labels[static_cast<size_t>(i)]);
  }
}

std::vector<std::string> numbered_classes(int64_t count) {
  std::vector<std::string> names;
  for (int64_t label = 0; label < count; ++label) names.push_back(std::to_string(label));
  return names;
}

}  // namespace medpfl
