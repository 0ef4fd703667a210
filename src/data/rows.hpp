#pragma once
#include "data/dataset.hpp"

namespace medpfl {

// The rows of the data sets' table, each written in the file of its name.
RegistryEntry<DatasetFactory> phantom();
RegistryEntry<DatasetFactory> medmnist();
RegistryEntry<DatasetFactory> image_folder();
RegistryEntry<DatasetFactory> mnist();

/// Returns the option of data sets that have a validation split: what becomes of it, ignore, train
/// or test.
OptionSpec validation_option();

}  // namespace medpfl
