#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace medpfl {

/// How far a run is, as it publishes that while it works for `medpfl watch` and other readers.
struct RunProgress {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  std::string work;             ///< what it counts: "round" or "attack"
  int64_t done = 0, total = 0;  ///< of that, in this start of the program
  double seconds_left = kUnknown;
  std::string detail;  ///< words on the step in hand, in one line
  int64_t rounds_done = 0, rounds = 0;
  double training_loss = kUnknown;      ///< of the last round
  double balanced_accuracy = kUnknown;  ///< of the last round that was evaluated
  int64_t updated = 0;                  ///< seconds since 1970
};

/// The file in a run's folder: lines "name=value". It is there while a process works on the run.
inline constexpr const char* kProgressFile = "run.progress";

/// Replaces the file in `folder`. A failure is ignored, because no run shall end for it.
void write_progress(const std::string& folder, const RunProgress& progress) noexcept;

/// Removes the file, where there is one.
void remove_progress(const std::string& folder) noexcept;

/// Returns what the file in `folder` says; nothing where there is none, or it is not understood.
std::optional<RunProgress> read_progress(const std::string& folder);

}  // namespace medpfl
