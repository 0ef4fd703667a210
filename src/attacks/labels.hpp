#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "attacks/observation.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Words of attack.labels, without "auto".
std::vector<std::string> label_rule_names();

/// Labels the attacker works with, [batch]; empty for `joint`, where they are optimized with the
/// images. `known`: those of the observation. `idlg`: argmin over classes of the row sums of the
/// head's weight gradient, exact for one image under cross entropy and non-negative features (Zhao,
/// Mopuri, Bilen 2020, arXiv 2001.02610). Throws ConfigError for idlg with several images.
std::vector<int64_t> infer_labels(const std::string& rule, const Model& model,
                                  const Observation& observation);

}  // namespace medpfl
