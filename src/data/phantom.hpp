#pragma once
#include <memory>
#include <vector>

#include "core/options.hpp"
#include "data/dataset.hpp"

namespace medpfl {

/// Options of [data.phantom]: modality (mri, xray, dermoscopy), train and test (numbers of images).
std::vector<OptionSpec> phantom_options();

/// A generated data set: image i of a split has label i % classes and is drawn from a random stream
/// of its own, so any rank draws any subset with the same bits, and no image is ever stored.
///   mri         notumor, glioma, meningioma, pituitary: axial head slices, grey
///   xray        normal, pneumonia, covid: frontal chest radiographs, grey
///   dermoscopy  benign, malignant: pigmented lesions of the skin, colour
/// Grey pictures are repeated for 3 channels; colour ones become ITU-R 601 luma for 1 channel.
/// Throws ConfigError where an option, the image size (8 ... 512) or the channels (1 or 3) are not
/// allowed.
std::unique_ptr<Dataset> make_phantom(const OptionValues& own, const DataRequest& request);

}  // namespace medpfl
