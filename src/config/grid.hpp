#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace medpfl {

/// Points of a sweep: sets of options that vary over a base configuration.
struct Grid {
  struct Point {
    std::string block;  ///< "" in a grid without blocks
    /// The value of each option of the grid, in the order of `options`; "" where the block of the
    /// point does not set the option.
    std::vector<std::string> values;
  };
  /// Options of the grid in the order of their first lines, each with that line's "FILE:LINE".
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<Point> points;

  /// Returns the options that a point sets, as "data.limit=12 defense.gaussian.scale=0.1".
  std::string describe(const Point& point) const;
};

/// Reads the text of a grid file; `source` names it in errors. Section [grid] holds axes crossed
/// with everything; any other section [NAME] is a block with axes of its own, and the grid is the
/// union over the blocks of ([grid] x block); without blocks it is [grid] alone. A line is
/// `section.option = v1 | v2`; one value is a constant. The last axis varies fastest. `#` starts a
/// comment. Throws ConfigError with file and line: unknown options or values, empty or repeated
/// ones, a file without points.
Grid parse_grid(const std::string& text, const std::string& source);

}  // namespace medpfl
