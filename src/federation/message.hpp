#pragma once
#include <cstdint>
#include <vector>

#include "core/flat_parameters.hpp"
#include "defenses/wire.hpp"

namespace medpfl {

/// What a hospital sends in a round: an update, or a probe gradient that only the attacker looks
/// at.
struct Message {
  int64_t round = 0;
  int64_t client = 0;
  int64_t probe = -1;  ///< -1: the update
  /// After the defenses: a gradient, or (fedavg) weights after - before. Statistics' entries always
  /// hold their change.
  FlatParameters payload;
  int64_t examples = 0;                 ///< images it was computed from; the weight of the update
  int64_t steps = 1;                    ///< local optimizer steps
  double loss = 0;                      ///< mean training loss of the steps, nats
  double norm = 0;                      ///< L2 norm of the payload as sent
  std::vector<DefenseReport> defenses;  ///< what each of the chain did to the payload
  std::vector<int64_t> images;          ///< positions in the hospital's shard, in the order of use
};

}  // namespace medpfl
