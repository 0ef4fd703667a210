#pragma once
#include <memory>
#include <string>

#include "attacks/attack.hpp"

namespace medpfl {

/// The parts of an optimization attack, as a preset sets them. Each is the default of an option of
/// the attack's own section, so a user may override any.
struct MatchingParts {
  std::string labels = "joint";
  std::string objective = "l2";
  std::string output_error = "softmax";
  std::string init = "normal";
  std::string line_search = "none";
  int64_t iterations = 300;
  double stop_loss = 1e-6;
};

/// A row of the attacks' table: gradient matching with L-BFGS and these parts.
RegistryEntry<AttackFactory> matching_preset(std::string name, std::string summary,
                                             std::string paper, const MatchingParts& parts);

}  // namespace medpfl
