#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/npy.hpp"
#include "data/row_gatherer.hpp"

namespace medpfl {

// What every data set that is stored as arrays of images and labels needs.

/// Returns the layout of one image of an array. Throws DataError that names the array unless its
/// shape is (N, H, W), (N, H, W, 1) or (N, H, W, 3), its sides are those of an image that is read,
/// and its type has levels.
RowShape image_shape(const NpyHeader& images);

/// Returns the level of full intensity of an array of images, 0 where its type does not say. Throws
/// DataError that names the array where the type does not say and no window was asked for.
double white_level(const NpyHeader& images, const std::optional<Window>& asked);

/// Reads the elements of an array of labels and returns them. Throws DataError that names the array
/// unless its shape is (N,) or (N, 1), its type is an integer, and every label is a class.
std::vector<int64_t> read_labels(const NpyHeader& labels, const ByteSource& read);

/// Throws DataError that names the array of images unless it has as many images as there are
/// labels, and one at least.
void require_label_for_each(const NpyHeader& images, const std::vector<int64_t>& labels);

/// Appends one image for each of the labels first ... end-1 to a part. The first of them is row
/// `row` of its source.
void append_rows(const std::vector<int64_t>& labels, int64_t first, int64_t end, int64_t row,
                 Manifest::Part* part);

/// Returns the names of classes that have none but their numbers: "0", "1", ...
std::vector<std::string> numbered_classes(int64_t count);

}  // namespace medpfl
