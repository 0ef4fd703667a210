#include "sweep/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "config/adaptation.hpp"
#include "config/settings.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "sweep/folder.hpp"

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

std::string answering_attacks(const Settings& settings) {
  std::vector<std::string> names;
  for (const AttackPlan::Method& method : settings.attack.methods)
    if (method.adapted) names.push_back(method.name);
  return join(names);
}

void require_begun(const Communicator& comm, const SweepFolder& folder) {
  comm.agree([&] {
    if (comm.is_root() && !folder.begun())
      throw ConfigError(fmt::format(
          "sweep needs a grid: --grid FILE; without it, it goes on with the sweep in run.output, "
          "and there is none in {}",
          folder.path()));
  });
}

}  // namespace

std::string SweepPlan::describe(int64_t point) const {
  return grid.describe(grid.points.at(static_cast<size_t>(point)));
}

Config SweepPlan::config(int64_t point) const {
  Config config = base;
  const Grid::Point& values = grid.points.at(static_cast<size_t>(point));
  for (size_t i = 0; i < grid.options.size(); ++i)
    if (!values.values[i].empty())
      config.assign(grid.options[i].first, values.values[i], grid.options[i].second);
  config.assign("run.output", SweepFolder(output).run(point), "sweep");
  adapt_attacks(&config);
  return config;
}

SweepPlan make_plan(const Config& base, const std::string& grid_file, const std::string& grid_text,
                    const SweepRequest& request, int ranks) {
  SweepPlan plan;
  plan.base = base;
  plan.output = base.section("run").text("output");
  if (plan.output.empty()) throw ConfigError("run.output must name a folder");
  plan.grid_file = grid_file;
  plan.grid_text = grid_text;
  plan.grid = parse_grid(grid_text, grid_file);
  plan.selected = select(request.index, static_cast<int64_t>(plan.grid.points.size()));
  plan.is_part = !request.index.empty();
  plan.ranks_per_point = parse_ranks_per_point(request.ranks_per_point, ranks);
  return plan;
}

std::vector<std::string> check_points(const SweepPlan& plan) {
  for (const auto& [option, where] : plan.grid.options)
    if (plan.base.entries().at(option).source == kCommandLine)
      throw ConfigError(fmt::format(
          "{} is given on the command line and by the grid, at {}: leave out one of them", option,
          where));
  std::vector<std::string> answering;
  std::map<std::string, int64_t> seen;
  for (int64_t point = 0; point < static_cast<int64_t>(plan.grid.points.size()); ++point) {
    const Config config = plan.config(point);
    const auto describe = [&](int64_t p) {
      return fmt::format("{}: point {} ({})", plan.grid_file, p, plan.describe(p));
    };
    try {
      answering.push_back(answering_attacks(make_settings(config)));
    } catch (const ConfigError& error) {
      throw ConfigError(fmt::format("{}: {}", describe(point), error.what()));
    }
    std::string options;
    for (const auto& [option, where] : plan.grid.options)
      options += config.entries().at(option).value + "\n";
    const auto [before, fresh] = seen.emplace(options, point);
    if (!fresh)
      throw ConfigError(
          fmt::format("{} has the same options as point {}", describe(point), before->second));
  }
  return answering;
}

std::vector<UnusedOption> unused_everywhere(const SweepPlan& plan) {
  std::vector<UnusedOption> unused;
  for (size_t point = 0; point < plan.grid.points.size(); ++point) {
    const std::vector<UnusedOption> here = unused_options(plan.config(static_cast<int64_t>(point)));
    if (point == 0) unused = here;
    const auto has_effect = [&](const UnusedOption& one) {
      return std::none_of(here.begin(), here.end(),
                          [&](const UnusedOption& other) { return other.option == one.option; });
    };
    unused.erase(std::remove_if(unused.begin(), unused.end(), has_effect), unused.end());
    if (unused.empty()) break;
  }
  return unused;
}

std::string recorded_base(const Communicator& comm, const std::string& output) {
  const SweepFolder folder(output);
  require_begun(comm, folder);
  return folder.base_file();
}

SweepPlan plan_sweep(const Communicator& comm, const Config& base, const SweepRequest& request) {
  std::string file = request.grid_file, text;
  if (file.empty()) {
    const SweepFolder folder(base.section("run").text("output"));
    require_begun(comm, folder);
    file = folder.grid_file();
  }
  comm.agree([&] {
    if (comm.is_root()) text = read_config_text(file, "--grid");
  });
  text = comm.broadcast(std::move(text));
  SweepPlan plan;
  comm.agree([&] {
    plan = make_plan(base, file, text, request, comm.size());
    if (comm.is_root()) plan.answering = check_points(plan);  // once, not on a thousand ranks
  });
  return plan;
}

}  // namespace medpfl
