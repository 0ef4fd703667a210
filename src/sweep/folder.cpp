#include "sweep/folder.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/grid.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "results/folder/durable_file.hpp"
#include "results/folder/run_holder.hpp"
#include "results/run/run_summary.hpp"
#include "study/same_config.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) throw FormatError(fmt::format("{}: cannot read it", path));
  return text.str();
}

bool same_points(const Grid& a, const Grid& b) {
  const auto equal = [](const Grid::Point& x, const Grid::Point& y) {
    return x.block == y.block && x.values == y.values;
  };
  if (a.options.size() != b.options.size()) return false;
  for (size_t i = 0; i < a.options.size(); ++i)
    if (a.options[i].first != b.options[i].first) return false;
  return std::equal(a.points.begin(), a.points.end(), b.points.begin(), b.points.end(), equal);
}

}  // namespace

std::string SweepFolder::name(int64_t point) { return fmt::format("points/{:05}", point); }

bool SweepFolder::has_run(int64_t point) const { return fs::exists(run(point) + "/run.h5"); }

bool SweepFolder::begun() const { return fs::exists(grid_file()); }

void SweepFolder::check(const Config& base, const std::string& grid) const {
  if (!begun()) {
    if (fs::exists(path_) && !fs::is_directory(path_))
      throw OutputError(fmt::format("run.output={}: exists and is not a folder", path_));
    if (fs::exists(path_ + "/run.h5"))
      throw OutputError(
          fmt::format("run.output={}: holds a run, not a sweep; choose another folder", path_));
    return;
  }
  refuse_other_config(base, read_file(base_file()), fmt::format("the sweep in {}", path_));
  if (!same_points(parse_grid(grid, "--grid"), parse_grid(read_file(grid_file()), grid_file())))
    throw ConfigError(fmt::format(
        "the sweep in {} was begun with another grid, {}; give the same, or another run.output, or "
        "replace the sweep with --overwrite",
        path_, grid_file()));
}

void SweepFolder::begin(const Config& base, const std::string& grid) const {
  if (begun()) return;
  make_folder(path_ + "/points");
  write_file("points/base.ini", base.set_options());
  write_file("points/grid.ini", grid);  // last: where it exists a sweep was begun
}

void SweepFolder::remove() const {
  if (!begun()) return;
  std::error_code error;
  for (const char* name : {"sweep.h5", "points"}) {
    fs::remove_all(fs::path(path_) / name, error);
    if (error)
      throw OutputError(fmt::format("cannot remove {}/{}: {}", path_, name, error.message()));
  }
}

PointState SweepFolder::read(int64_t point) const {
  // Found before the files are read, so that a point that ends meanwhile is complete.
  const RunHolder holder = find_holder(run(point));
  PointState state = read_files(point);
  if (state.status == "complete" || holder.state == ProcessState::kGone) return state;
  state.holder = holder.process;
  if (holder.state == ProcessState::kUnknown) state.holder += ", unless it was killed";
  return state;
}

PointState SweepFolder::read_files(int64_t point) const {
  try {
    return fs::exists(run(point) + ".txt") ? read_end(point) : read_run(point);
  } catch (const FormatError& error) {
    return {"failed", static_cast<int64_t>(error.code()), 0, error.what(), ""};
  }
}

PointState SweepFolder::read_end(int64_t point) const {
  const std::string file = run(point) + ".txt";
  std::istringstream lines(read_file(file));
  PointState state;
  std::string code, seconds;
  std::getline(lines, state.status);
  std::getline(lines, code);
  std::getline(lines, seconds);
  std::getline(lines, state.error, '\0');
  if (code.empty() || seconds.empty()) throw FormatError(fmt::format("{}: damaged", file));
  state.exit_code = std::atoll(code.c_str());
  state.seconds = std::atof(seconds.c_str());
  // A user who wants a point computed anew removes its folder.
  return state.status == "complete" && !has_run(point) ? PointState() : state;
}

// Returns the state of a point whose process is at work, or was killed before it wrote how it
// ended.
PointState SweepFolder::read_run(int64_t point) const {
  PointState state;
  const auto run = find_run(this->run(point));
  if (!run) return state;
  const bool complete = run->status == "complete";
  state.status = complete ? "complete" : "interrupted";
  state.exit_code = static_cast<int64_t>(complete ? ExitCode::kOk : ExitCode::kInterrupted);
  return state;
}

void SweepFolder::write(int64_t point, const PointState& state) const {
  write_file(name(point) + ".txt", fmt::format("{}\n{}\n{:.3f}\n{}", state.status, state.exit_code,
                                               state.seconds, state.error));
}

void SweepFolder::write_file(const std::string& name, const std::string& text) const {
  const std::string path = path_ + "/" + name;
  // Tasks of an array may begin a sweep at the same time.
  const std::string partial = partial_name(path);
  std::ofstream out(partial, std::ios::binary);
  if (!(out << text) || !out.flush()) throw OutputError(fmt::format("cannot write {}", partial));
  out.close();
  publish_file(partial, path);
}

}  // namespace medpfl
