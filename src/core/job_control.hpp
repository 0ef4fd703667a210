#pragma once

namespace medpfl {

/// What a job says to work under way: to rounds of training and to attack tasks.
enum class JobOrder : int {
  kGoOn,
  kSave,  ///< hand in your state and go on
  kStop,  ///< hand in your state and end; nothing new is begun
};

/// Whom all work under way asks whether to go on, save or stop. The base lets it go on.
class JobControl {
 public:
  virtual ~JobControl() = default;
  /// Returns whether this process was asked to stop. Asked on every rank.
  virtual bool stop_signalled() const { return false; }
  /// Is told that some rank was asked to stop. On rank 0.
  virtual void note_stop() {}
  /// Returns what is due. On rank 0, after each step of the work; not asked again before an order
  /// to save is carried out.
  virtual JobOrder order() { return JobOrder::kGoOn; }
  /// Is told that an order to save is carried out: all results and states are handed in. On rank 0.
  virtual void saved() {}
};

}  // namespace medpfl
