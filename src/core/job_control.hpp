#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace medpfl {

/// How far a loop of a job is.
struct WorkNote {
  std::string work;  ///< what it counts, such as "round"
  int64_t done = 0, total = 0;
  std::optional<double> seconds_left;  ///< nothing: not known yet
  std::string detail;                  ///< words on the step in hand
};

/// An order to work that is under way, rounds of training or attack tasks.
enum class JobOrder : int {
  kGoOn,
  kSave,  ///< hand in the state and go on
  kStop,  ///< hand in the state and end; nothing new is begun
};

/// Tells work under way whether to go on, save or stop. The base class always lets it go on.
class JobControl {
 public:
  virtual ~JobControl() = default;
  /// Returns whether this process was asked to stop. Asked on every rank.
  virtual bool stop_signalled() const { return false; }
  /// Is called on rank 0 when some rank was asked to stop.
  virtual void note_stop() {}
  /// Returns the next order. Called on rank 0 after each step of the work, but not between an order
  /// to save and saved().
  virtual JobOrder order() { return JobOrder::kGoOn; }
  /// Is called on rank 0 when an order to save has been carried out: all results and states are
  /// handed in.
  virtual void saved() {}
  /// Is told on every rank, about once a second, how far the work is as far as this rank knows.
  virtual void tell(const WorkNote&) {}
};

}  // namespace medpfl
