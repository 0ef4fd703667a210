#include "config/grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "config/config.hpp"
#include "config/ini.hpp"
#include "config/quotes.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

struct Axis {
  std::string option;
  std::string where;  // "FILE:LINE"
  std::vector<std::string> values;
};

struct Block {
  std::string name, where;
  std::vector<Axis> axes;
};

const std::string kCommon = "grid";
constexpr size_t kMostPoints = 100000;  // their folders have five digits

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw ConfigError(fmt::format("{}: {}", where, what));
}

// Options that no grid may vary: a sweep gives every point a folder of its own, and a process
// chooses its threads and its device only once.
void refuse_fixed(const std::string& option, const std::string& where) {
  for (const char* fixed : {"run.output", "run.threads", "run.device"})
    if (option == fixed)
      refuse(where, fmt::format("{} holds for the whole sweep: it cannot stand in a grid", option));
}

Axis parse_axis(const IniOption& option, const std::string& where) {
  Axis axis{option.key, where, {}};
  std::istringstream values(option.value + "|");
  for (std::string value; std::getline(values, value, '|');) {
    value = show_quoted(trim(value));
    Config checked;
    checked.assign(axis.option, value, where);
    if (value.empty())
      refuse(where, fmt::format("{} has an empty value; what a block does not set is that of the "
                                "base configuration",
                                axis.option));
    if (const auto wrong = checked.violations(); !wrong.empty()) throw ConfigError(wrong.front());
    if (std::find(axis.values.begin(), axis.values.end(), value) != axis.values.end())
      refuse(where, fmt::format("{} has the value '{}' twice", axis.option, value));
    axis.values.push_back(value);
  }
  refuse_fixed(axis.option, where);
  return axis;
}

const Axis* find_axis(const Block& section, const std::string& option) {
  for (const Axis& axis : section.axes)
    if (axis.option == option) return &axis;
  return nullptr;
}

Block parse_block(const IniSection& section, const std::string& source, Violations* wrong) {
  const auto where = [&](int line) { return fmt::format("{}:{}", source, line); };
  Block block{section.name, where(section.line), {}};
  for (const IniOption& option : section.options)
    wrong->guard([&] {
      if (section.name.empty())
        refuse(where(option.line), "a grid begins with a section: [grid] or [NAME]");
      if (const Axis* before = find_axis(block, option.key))
        refuse(where(option.line),
               fmt::format("{} stands at {} already", option.key, before->where));
      block.axes.push_back(parse_axis(option, where(option.line)));
    });
  return block;
}

std::vector<Block> parse_blocks(const std::string& text, const std::string& source) {
  Violations wrong;
  std::vector<Block> blocks;
  for (const IniSection& section : read_ini(text, source, &wrong)) {
    const Block block = parse_block(section, source, &wrong);
    for (const Block& before : blocks)
      wrong.check(before.name != block.name, fmt::format("{}: section [{}] stands at {} already",
                                                         block.where, block.name, before.where));
    blocks.push_back(block);
  }
  wrong.throw_if_any();
  return blocks;
}

// Appends the points of the axes, the last of which varies fastest.
void cross(const std::string& block, const std::vector<Axis>& axes, Grid* grid) {
  std::vector<size_t> columns;
  for (const Axis& axis : axes)
    columns.push_back(static_cast<size_t>(
        std::find_if(grid->options.begin(), grid->options.end(),
                     [&](const auto& option) { return option.first == axis.option; }) -
        grid->options.begin()));
  std::vector<Grid::Point> points = {{block, std::vector<std::string>(grid->options.size())}};
  for (size_t a = 0; a < axes.size(); ++a) {
    if (grid->points.size() + points.size() * axes[a].values.size() > kMostPoints)
      refuse(axes[a].where, fmt::format("the grid has more than {} points", kMostPoints));
    std::vector<Grid::Point> longer;
    for (const Grid::Point& point : points)
      for (const std::string& value : axes[a].values) {
        longer.push_back(point);
        longer.back().values[columns[a]] = value;
      }
    points = std::move(longer);
  }
  grid->points.insert(grid->points.end(), points.begin(), points.end());
}

}  // namespace

std::string Grid::describe(const Point& point) const {
  std::vector<std::string> parts;
  for (size_t i = 0; i < options.size(); ++i)
    if (!point.values[i].empty())
      parts.push_back(fmt::format("{}={}", options[i].first, point.values[i]));
  return parts.empty() ? point.block : join(parts, " ");
}

Grid parse_grid(const std::string& text, const std::string& source) {
  const std::vector<Block> sections = parse_blocks(text, source);
  Grid grid;
  Block common;
  std::vector<Block> blocks;
  for (const Block& section : sections) {
    (section.name == kCommon ? common : blocks.emplace_back()) = section;
    for (const Axis& axis : section.axes)
      if (std::none_of(grid.options.begin(), grid.options.end(),
                       [&](const auto& option) { return option.first == axis.option; }))
        grid.options.emplace_back(axis.option, axis.where);
  }
  for (const Block& block : blocks)
    for (const Axis& axis : block.axes)
      if (const Axis* before = find_axis(common, axis.option))
        refuse(axis.where,
               fmt::format("{} stands in [grid] already, at {}", axis.option, before->where));
  if (grid.options.empty())
    refuse(source, "the grid has no points: it needs a line section.option = v1 | v2");
  if (blocks.empty()) cross("", common.axes, &grid);
  for (const Block& block : blocks) {
    std::vector<Axis> axes = common.axes;
    axes.insert(axes.end(), block.axes.begin(), block.axes.end());
    cross(block.name, axes, &grid);
  }
  return grid;
}

}  // namespace medpfl
