#pragma once
#include <string>
#include <vector>

#include "h5/file.hpp"

namespace medpfl::h5 {

/// A block of a dataset: where it begins, and how much of each axis it has.
struct Block {
  Shape start, count;
};

/// A block of a view and the block of another dataset of the file that it shows. Both have equally
/// many values; the first of the one is the first of the other, and so on, row-major.
struct ViewPart {
  Block shown;
  std::string dataset;
  Block from;
};

/// Writes a virtual dataset that shows blocks of other datasets of the same file, which must have
/// been written, in another arrangement; it takes no room.
template <class T>
void write_view(File* file, const std::string& path, const Shape& shape,
                const std::vector<ViewPart>& parts, const Description& description);

}  // namespace medpfl::h5
