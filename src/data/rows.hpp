#pragma once
#include <memory>
#include <vector>

#include "data/dataset.hpp"

namespace medpfl {

/// Folders path/SPLIT/CLASS/IMAGE of JPEG or PNG files.
std::unique_ptr<Dataset> make_image_folder(const OptionValues& own, const DataRequest& request);
std::vector<OptionSpec> image_folder_options();

/// A MedMNIST archive (.npz), or a folder of them and a name (Yang et al. 2023).
std::unique_ptr<Dataset> make_medmnist(const OptionValues& own, const DataRequest& request);
std::vector<OptionSpec> medmnist_options();

/// A folder of MNIST idx files, plain or gzip (LeCun et al. 1998).
std::unique_ptr<Dataset> make_mnist(const OptionValues& own, const DataRequest& request);
std::vector<OptionSpec> mnist_options();

/// What becomes of a validation split: ignore, train or test.
OptionSpec validation_option();

}  // namespace medpfl
