#pragma once
#include "core/option_table.hpp"
#include "data/dataset.hpp"

namespace medpfl {

/// What becomes of the validation split of a data set that has one: its images are left out, or
/// join another split.
enum class Validation { kIgnore, kTrain, kTest };
const Words<Validation>& words_of(Validation);

/// Throws ConfigError where the validation split would join another, and is that of the test images
/// already.
void check_validation(Validation validation, const DataRequest& request);

/// Returns the option `val` of a data set whose options S have a member `validation`.
template <class S>
Option<S> validation_option() {
  return {"val", &S::validation, "what a validation split joins; ignore leaves its images out"};
}

}  // namespace medpfl
