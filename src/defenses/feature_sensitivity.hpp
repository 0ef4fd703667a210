#pragma once
#include <vector>

#include "defenses/own_training.hpp"

namespace medpfl {

/// Returns how strongly each feature r_j of the head's input depends on the hospital's images: the
/// sum over images x of ||dr_j/dx||_2 / |r_j| at the weights of the round (Sun et al. 2021,
/// arXiv:2012.06043). Batch normalization uses its stored statistics, so that each image counts by
/// itself. A feature that is zero around an image adds nothing. Costs as much as a gradient of
/// every feature for every image, in batches of 32. Throws NumericError where a sum is not a
/// number.
std::vector<double> feature_sensitivity(const OwnTraining& own);

}  // namespace medpfl
