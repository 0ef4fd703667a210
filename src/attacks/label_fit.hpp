#pragma once
#include <cstdint>
#include <vector>

#include "attacks/observation.hpp"
#include "attacks/term.hpp"
#include "models/model.hpp"

namespace medpfl {

/// How well the network knows images as what they are held to be: the mean over images of
/// |softmax(f(x)) - onehot(label)|^2 (Wei et al. 2020, arXiv 2004.10397). Each evaluation is a
/// forward and a backward pass. `model` and `observation` must outlive the term.
Term label_fit_term(double weight, const Model& model, const Observation& observation,
                    const std::vector<int64_t>& labels);

}  // namespace medpfl
