#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "data/dataset.hpp"
#include "federation/federated_data.hpp"

namespace medpfl {

/// The images of a federation by what they are for, alike on all ranks: `all.train` are those of
/// training, `all.test` those of evaluations, and `all.open` the public ones.
struct ImageSources {
  /// Images for one purpose, and the split as which the data set reads them.
  struct Group {
    const Manifest::Part& images;
    Split split;
  };

  Manifest all;
  Split test_split = Split::kTest;  ///< kTrain: test images are held out of the training images
  Split open_split = Split::kTest;  ///< the split of the public images
  Holdings holdings = Holdings::kPrivate;

  Group train() const { return {all.train, Split::kTrain}; }
  Group test() const { return {all.test, test_split}; }
  Group open() const { return {all.open, open_split}; }
  /// The images that the hospitals hold.
  Group held() const { return holdings == Holdings::kPublic ? open() : train(); }
  /// Returns the manifest by which the data set reads a group.
  Manifest manifest_of(const Group& group) const;
};

/// Moves a share of the training images of each class to the test images, drawn by `seed`; one
/// stays at least. Throws DataError where the share is no image.
void hold_out(double share, uint64_t seed, Manifest* manifest);

/// Finds the images of a federation. Rank 0 scans the data set, tells the other ranks, and warns of
/// what a user should know of its classes and of the images left out. Where options.on_error=skip,
/// all ranks look for images that cannot be read, which are left out; else, with `headers`, they
/// look at the headers of all images. Collective. Throws AgreedError, on faults in headers with
/// their number and the first ten.
ImageSources find_images(const Communicator& comm, const Dataset& dataset,
                         const FederatedDataOptions& options, bool headers);

}  // namespace medpfl
