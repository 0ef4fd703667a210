#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "privacy/run_seeds.hpp"

namespace medpfl {

/// Which of a set of numbers is meant: "all", "none", "last", or a list of numbers and ranges
/// "0,2,5-9".
class Selection {
 public:
  /// Of 0 ... n-1. Throws ConfigError naming `option` when the text or a number is not allowed.
  Selection(const std::string& text, int64_t n, const std::string& option);
  bool contains(int64_t i) const { return chosen_[static_cast<size_t>(i)]; }

 private:
  std::vector<bool> chosen_;
};

/// Whom the attacker looks at.
struct AttackTargets {
  Selection rounds, clients;
  int64_t probes = 0;       ///< probe gradients of each attacked hospital at an attacked round
  int64_t probe_batch = 1;  ///< images of a probe
};

/// What is sent in one round, known to every rank before it starts.
struct RoundPlan {
  int64_t round = 0;
  std::vector<int64_t> clients;  ///< that take part, ascending
  std::vector<bool> arrives;     ///< of each of them: whether the server gets what it sends
  std::vector<int64_t> probes;   ///< of each of them
  std::vector<bool> attacked;    ///< each of them

  int64_t participants() const { return static_cast<int64_t>(clients.size()); }
  int64_t arrived() const { return std::count(arrives.begin(), arrives.end(), true); }
};

/// The plan of a round: who takes part (a share `sampling` of the hospitals), and who of them drops
/// out (each with probability `dropout`). An attacked hospital sends `targets.probes` probes, or
/// fewer where its shard has too few distinct images, and is not attacked where it has too few for
/// one, nor where nothing of it arrives.
RoundPlan plan_round(int64_t round, const std::vector<int64_t>& shard_sizes, double sampling,
                     double dropout, const RunSeeds& seeds, const AttackTargets& targets);

}  // namespace medpfl
