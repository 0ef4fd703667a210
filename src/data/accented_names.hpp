#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace medpfl {

/// Unicode writes an accented letter as one character (form NFC, as most programs do) or as a
/// letter and a combining mark (form NFD, as macOS may), which look the same.

/// Returns a UTF-8 name with its combining marks (U+0300 to U+036F) written as "\u0301".
std::string with_marks_shown(std::string_view name);

/// Returns a remark on the first two of the `names` that differ but look the same but for which
/// accent they have, of which one has combining marks; "" where there are none.
std::string remark_on_twins(const std::vector<std::string>& names);

}  // namespace medpfl
