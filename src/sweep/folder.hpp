#pragma once
#include <cstdint>
#include <string>

#include "config/config.hpp"

namespace medpfl {

/// The state of one point of a sweep.
struct PointState {
  std::string status = "open";  ///< open | complete | interrupted | failed
  int64_t exit_code = -1;       ///< -1: open
  double seconds = 0;           ///< wall time spent so far
  std::string error;            ///< message of a failed point
  std::string holder;           ///< the process that is, or may be, at work on the point; "": none
};

/// The folder of a sweep. points/NNNNN is an ordinary run, points/NNNNN.txt how it ended; points/
/// also keeps base.ini and grid.ini, with which the sweep was begun. Each process writes the files
/// of the points it works on and nothing else, so that many may work in one folder.
class SweepFolder {
 public:
  explicit SweepFolder(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string base_file() const { return path_ + "/points/base.ini"; }
  std::string grid_file() const { return path_ + "/points/grid.ini"; }
  /// Returns the name of a point's folder, as "points/00003".
  static std::string name(int64_t point);
  std::string run(int64_t point) const { return path_ + "/" + name(point); }
  /// Whether the folder of a point holds a run.h5.
  bool has_run(int64_t point) const;

  /// Whether a sweep was begun here.
  bool begun() const;
  /// Throws ConfigError where a sweep was begun with another base or other points; OutputError
  /// where the folder cannot be one of a sweep. Changes nothing.
  void check(const Config& base, const std::string& grid) const;
  /// Begins a sweep, or goes on with the one there, which `check` has accepted. Throws OutputError.
  void begin(const Config& base, const std::string& grid) const;
  /// Removes the sweep and its runs. Throws OutputError.
  void remove() const;

  /// Returns the state of a point, also of one whose process was killed or is at work; a point
  /// whose files are damaged has failed.
  PointState read(int64_t point) const;
  /// Writes the state of a point so that it survives a crash. Throws OutputError.
  void write(int64_t point, const PointState& state) const;

 private:
  PointState read_files(int64_t point) const;
  PointState read_end(int64_t point) const;
  PointState read_run(int64_t point) const;
  void write_file(const std::string& name, const std::string& text) const;
  std::string path_;
};

}  // namespace medpfl
