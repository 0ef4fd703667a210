#pragma once
#include <string>
#include <vector>

#include "federation/data_digests.hpp"

namespace medpfl {

/// Digests of all that a run is computed from besides its configuration. An empty digest is
/// unknown, or the run has no such input.
struct InputDigests : DataDigests {
  std::string weights;  ///< digest of the file model.weights
  std::string source;   ///< digest of what `medpfl attack` reads of the run it attacks
};

/// Returns lines "NAME = DIGEST", for a checkpoint.
std::string to_text(const InputDigests& inputs);
/// Returns the digests in a text of to_text(); those that are absent stay unknown.
InputDigests read_input_digests(const std::string& text);

/// Returns in words the inputs whose digests are known in both and differ.
std::vector<std::string> other_inputs(const InputDigests& before, const InputDigests& now);

}  // namespace medpfl
