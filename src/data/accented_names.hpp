#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace medpfl {

// Unicode writes an accented letter as one character (form NFC, as most programs do) or as a letter
// and a combining mark (form NFD, as macOS may). Both look the same.

/// Returns a UTF-8 name with its combining marks (U+0300 to U+036F) written as "\u0301".
std::string with_marks_shown(std::string_view name);

/// Returns a remark on the first two `names` that may be one name in both forms: one of them has
/// combining marks, and both have accented letters at the same places and else the same letters.
/// Which accents these are is not compared. Returns "" where there are no such names.
std::string remark_on_twins(const std::vector<std::string>& names);

}  // namespace medpfl
