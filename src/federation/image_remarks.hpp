#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.hpp"

namespace medpfl {

// What a user should know of the images of a federation: lines of warnings.

using Remarks = std::vector<std::string>;

/// Appends remarks to others.
void add(const Remarks& more, Remarks* remarks);

/// Returns a remark on classes that have no training image.
Remarks remark_on_classes(const Manifest& manifest);

/// Returns a remark on classes that have no training image any more since data.limit cut those of
/// `unlimited`.
Remarks remark_on_limit(const Manifest& manifest, const Manifest::Part& unlimited, int64_t limit);

/// Returns remarks on what reading `images` images showed.
Remarks remark_on_pixels(const ReadNotes& notes, int64_t images);

}  // namespace medpfl
