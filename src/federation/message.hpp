#pragma once
#include <cstdint>
#include <vector>

#include "core/flat_parameters.hpp"
#include "defenses/wire.hpp"

namespace medpfl {

/// What a hospital sends in a round: an update, or a probe, which only the attacker looks at.
struct Message {
  int64_t round = 0;   ///< from 0
  int64_t client = 0;  ///< the hospital, from 0
  int64_t probe = -1;  ///< number of the probe, from 0; -1: the update
  /// The values that are sent, after the defenses: a gradient, or weights after - before training,
  /// as the algorithm has it. The entries of running statistics always hold their change.
  FlatParameters payload;
  int64_t examples = 0;                 ///< images behind the message; weight of the update
  int64_t steps = 1;                    ///< local optimizer steps
  double loss = 0;                      ///< mean training loss of the steps, nats
  double norm = 0;                      ///< L2 norm of the payload after the defenses
  std::vector<DefenseReport> defenses;  ///< what each defense did to the payload
  std::vector<int64_t> images;          ///< positions in the hospital's shard, in the order of use
};

}  // namespace medpfl
