#pragma once
#include <string>
#include <vector>

#include "federation/data_digests.hpp"

namespace medpfl {

/// Digests of all that a run is computed from besides its configuration. Empty: unknown, or the run
/// has no such input.
struct InputDigests : DataDigests {
  std::string weights;  ///< of the file model.weights
  std::string source;   ///< of what `medpfl attack` reads of the run it attacks
};

/// Lines NAME = DIGEST, for a checkpoint.
std::string to_text(const InputDigests& inputs);
/// The inverse; names that are absent stay unknown.
InputDigests read_input_digests(const std::string& text);

/// The inputs, in words, that both know and that differ.
std::vector<std::string> other_inputs(const InputDigests& before, const InputDigests& now);

}  // namespace medpfl
