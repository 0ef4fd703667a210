#pragma once
#include <string_view>

#include "models/state_dict.hpp"

namespace medpfl {

/// Returns the tensors, by name, in the bytes of a zip archive of torch.save or torch.jit.save
/// (pickled_state_dict). Nothing in it is run. Throws DataError.
StateDict read_torch_zip(std::string_view bytes);

/// Returns the same of the form that torch.save wrote before PyTorch 1.6. Throws DataError.
StateDict read_torch_legacy(std::string_view bytes);

}  // namespace medpfl
