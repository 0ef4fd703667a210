#pragma once
#include "comm/communicator.hpp"

namespace medpfl {

/// The end of the time that a call has.
class Deadline {
 public:
  /// `max_walltime`: seconds from now on, 0: no limit.
  explicit Deadline(double max_walltime);

  /// Returns the seconds left for the next run, above 0; 0: there is no limit.
  double left() const;
  /// Whether the time is over or some rank was asked to stop; the same on all ranks. Collective.
  bool over(const Communicator& comm) const;

 private:
  double end_;  // by the steady clock, in seconds; 0: none
};

}  // namespace medpfl
