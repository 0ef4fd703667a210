#pragma once
#include <vector>

#include "defenses/own_training.hpp"

namespace medpfl {

/// How strongly each feature r_j of the head's input tells of the images: the sum over images x of
/// ||dr_j/dx||_2 / |r_j| at the weights of the round (Sun et al. 2021, arXiv:2012.06043). Batch
/// normalization goes by its stored statistics, so that each image counts by itself. A feature that
/// is zero around an image adds nothing. Costs as much as a gradient of every
/// feature for every image, in batches of 32. Throws
/// NumericError where it is not a number.
std::vector<double> feature_sensitivity(const OwnTraining& own);

}  // namespace medpfl
