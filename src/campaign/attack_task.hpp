#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "attacks/reconstruction.hpp"
#include "campaign/choosing.hpp"
#include "core/archive.hpp"
#include "metrics/reconstruction_score.hpp"

namespace medpfl {

/// One attack task: a case, a method and a restart, with its result and the scores of that.
struct AttackTask {
  int64_t attack_case = 0, method = 0, restart = 0;  ///< indices, from 0
  bool finished = false;
  int64_t rung = 0;     ///< rungs of successive halving that the task has passed
  std::string state;    ///< what a task under way goes on from; empty before and after
  bool chosen = false;  ///< whether this is the restart that the attacker keeps
  Reconstruction result;
  std::vector<ImageScore> scores;  ///< one for each true image, in the order of the truth
  std::vector<OracleScore>
      oracle;  ///< scores that an oracle would get, in that order; never used to choose

  /// Whether the task has a state or a result.
  bool begun() const { return finished || rung > 0 || !state.empty(); }
  /// Names the task's numbers for an archive; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("case", &attack_case);
    f("method", &method);
    f("restart", &restart);
    f("finished", &finished);
    f("rung", &rung);
    f("chosen", &chosen);
  }
  /// Writes or reads the state, the result and the scores of a task that was begun.
  void keep_result(Archive& a);
};

/// Returns how far the task has come, without what only scoring knows.
Standing standing_of(const AttackTask& task);

/// Marks a task that is not finished as one that halving drops.
void drop(AttackTask* task);

}  // namespace medpfl
