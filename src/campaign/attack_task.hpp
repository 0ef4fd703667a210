#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "attacks/reconstruction.hpp"
#include "campaign/choosing.hpp"
#include "core/archive.hpp"
#include "metrics/reconstruction_score.hpp"

namespace medpfl {

/// One task: an observation, a method and a start; with its scores, computed afterwards.
struct AttackTask {
  int64_t attack_case = 0, method = 0, restart = 0;  ///< case and method by their index
  bool finished = false;
  int64_t rung = 0;     ///< of successive halving: those it has passed
  std::string state;    ///< of a task that was begun, until it is finished
  bool chosen = false;  ///< the finished restart of least objective
  Reconstruction result;
  std::vector<ImageScore> scores;   ///< in the order of the truth
  std::vector<OracleScore> oracle;  ///< likewise; for the record, nothing reads it

  /// Whether it has a state or a result.
  bool begun() const { return finished || rung > 0 || !state.empty(); }
  /// Names the numbers among its fields; see Archive.
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
