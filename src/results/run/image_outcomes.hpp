#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "h5/file.hpp"
#include "metrics/share.hpp"
#include "results/run/image_numbers.hpp"

namespace medpfl {

/// The attack on a message, as /attacks/tasks has it.
struct AttackedMessage {
  std::string kind, method;
  int64_t round = 0, client = 0, probe = 0;
};

/// Takes what one attack on a message made of one image.
using TakeOutcome = std::function<void(const AttackedMessage& message, const Outcome& outcome)>;

/// Gives `take` the images of the chosen tasks of a run, in the order of /attacks/images. `network`
/// numbers the network that was attacked; `images` knows an image again that other runs attacked,
/// by its pixels. Throws FormatError where the run is damaged.
void for_each_outcome(const h5::File& run, int64_t network, ImageNumbers* images,
                      const TakeOutcome& take);

}  // namespace medpfl
