#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "federation/message_kinds.hpp"
#include "privacy/run_seeds.hpp"

namespace medpfl {

/// A selection of some of the numbers 0 ... n-1, as a user writes it: "all", "none", "last", or a
/// list of numbers and ranges such as "0,2,5-9".
class Selection {
 public:
  /// Reads a selection of 0 ... n-1. Throws ConfigError that names `option` where the text or a
  /// number is not allowed.
  Selection(const std::string& text, int64_t n, const std::string& option);
  bool contains(int64_t i) const { return chosen_[static_cast<size_t>(i)]; }

 private:
  std::vector<bool> chosen_;
};

/// Which hospitals the attacker looks at, in which rounds, how many probes they send, and which
/// kinds of their messages are attacked.
struct AttackTargets {
  Selection rounds, clients;
  int64_t probes;       ///< probe gradients of each attacked hospital at an attacked round
  int64_t probe_batch;  ///< images of a probe
  /// Kinds that are attacked by any method. They change nothing of what is sent.
  MessageKinds kinds = {};
};

/// Who sends what in one round. Every rank knows the plan before the round starts.
struct RoundPlan {
  int64_t round = 0;             ///< from 0
  std::vector<int64_t> clients;  ///< the hospitals that take part, ascending
  std::vector<bool> arrives;     ///< for each of `clients`, whether its messages arrive
  std::vector<int64_t> probes;   ///< for each of `clients`, how many probes it sends
  std::vector<bool> attacked;    ///< for each of `clients`, whether it is attacked

  int64_t participants() const { return static_cast<int64_t>(clients.size()); }
  int64_t arrived() const { return std::count(arrives.begin(), arrives.end(), true); }
};

/// Returns the plan of a round: who takes part (a share `sampling` of the hospitals), and who of
/// them drops out (each with probability `dropout`). An attacked hospital sends `targets.probes`
/// probes, or fewer where its shard has too few distinct images. A hospital is not attacked where
/// its messages do not arrive, or where only probes are attacked and it has too few images for one.
RoundPlan plan_round(int64_t round, const std::vector<int64_t>& shard_sizes, double sampling,
                     double dropout, const RunSeeds& seeds, const AttackTargets& targets);

}  // namespace medpfl
