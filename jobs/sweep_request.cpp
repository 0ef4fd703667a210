#include "sweep_request.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>

#include "config/settings.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "sweep_folder.hpp"

namespace medpfl {
namespace {

std::optional<int64_t> parse_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::vector<int64_t> select(const std::string& index, int64_t points) {
  int64_t first = 0, step = 1;
  if (!index.empty()) {
    const size_t slash = index.find('/');
    const bool share = slash != std::string::npos;
    const auto i = parse_number(std::string_view(index).substr(0, slash));
    const auto n = share ? parse_number(std::string_view(index).substr(slash + 1))
                         : std::optional<int64_t>(points);
    if (!i || !n || *i >= *n)
      throw ConfigError(fmt::format(
          "--index {}: give the number of a point, 0 to {}, or a share I/N of the points, such as "
          "0/4 to 3/4",
          index, points - 1));
    first = *i;
    step = *n;
  }
  std::vector<int64_t> selected;
  for (int64_t point = first; point < points; point += step) selected.push_back(point);
  return selected;
}

int parse_ranks_per_point(const std::string& text, int ranks) {
  if (text.empty()) return ranks;
  const auto number = parse_number(text);
  if (!number || *number < 1 || *number > ranks)
    throw ConfigError(fmt::format(
        "--ranks-per-point {}: give a number from 1 to the number of ranks, {}", text, ranks));
  return static_cast<int>(*number);
}

void check_points(const SweepRequest& request) {
  for (const auto& [option, where] : request.grid.options)
    if (request.base.entries().at(option).source == kCommandLine)
      throw ConfigError(fmt::format(
          "{} is given on the command line and by the grid, at {}: leave out one of them", option,
          where));
  std::map<std::string, int64_t> seen;
  for (int64_t point = 0; point < static_cast<int64_t>(request.grid.points.size()); ++point) {
    const Config config = request.config(point);
    const auto describe = [&](int64_t p) {
      return fmt::format("{}: point {} ({})", request.grid_file, p, request.describe(p));
    };
    try {
      make_settings(config);
    } catch (const ConfigError& error) {
      throw ConfigError(fmt::format("{}: {}", describe(point), error.what()));
    }
    std::string options;
    for (const auto& [option, where] : request.grid.options)
      options += config.entries().at(option).value + "\n";
    const auto [before, fresh] = seen.emplace(options, point);
    if (!fresh)
      throw ConfigError(
          fmt::format("{} has the same options as point {}", describe(point), before->second));
  }
}

}  // namespace

std::string SweepRequest::describe(int64_t point) const {
  return grid.describe(grid.points.at(static_cast<size_t>(point)));
}

Config SweepRequest::config(int64_t point) const {
  Config config = base;
  const Grid::Point& values = grid.points.at(static_cast<size_t>(point));
  for (size_t i = 0; i < grid.options.size(); ++i)
    if (!values.values[i].empty())
      config.assign(grid.options[i].first, values.values[i], grid.options[i].second);
  config.assign("run.output", SweepFolder(output).run(point), "sweep");
  return config;
}

SweepRequest read_sweep_request(const Communicator& comm, const JobArguments& arguments) {
  SweepRequest request;
  request.base = read_config(comm, arguments);
  request.output = request.base.section("run").text("output");
  const SweepFolder folder(request.output);
  request.grid_file = arguments.grid;
  if (arguments.grid.empty()) {
    comm.agree([&] {
      if (comm.is_root() && !folder.begun())
        throw ConfigError(fmt::format(
            "sweep needs a grid: --grid FILE; without it, it goes on with the sweep in run.output, "
            "and there is none in {}",
            request.output));
    });
    request.grid_file = folder.grid_file();
    if (arguments.config.empty()) {
      JobArguments recorded = arguments;
      recorded.config = folder.base_file();
      request.base = read_config(comm, recorded);
      request.base.assign("run.output", request.output, "sweep");
    }
  }
  comm.agree([&] {
    if (comm.is_root()) request.grid_text = read_config_text(request.grid_file, "--grid");
  });
  request.grid_text = comm.broadcast(std::move(request.grid_text));
  comm.agree([&] {
    if (request.output.empty()) throw ConfigError("run.output must name a folder");
    request.grid = parse_grid(request.grid_text, request.grid_file);
    if (comm.is_root()) check_points(request);  // a thousand ranks need not
    request.selected = select(arguments.index, static_cast<int64_t>(request.grid.points.size()));
    request.ranks_per_point = parse_ranks_per_point(arguments.ranks_per_point, comm.size());
  });
  return request;
}

}  // namespace medpfl
