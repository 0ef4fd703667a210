#pragma once
#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "core/flat_parameters.hpp"
#include "models/model.hpp"

namespace medpfl {

using StateDict = std::map<std::string, at::Tensor>;

/// Tensors by name from the bytes of a file: what torch.save wrote of a state dict (zip or the
/// older form; also where it is the entry "state_dict" of a dict), or a TorchScript archive. Throws
/// DataError; `where` names the file.
StateDict read_state_dict(const std::string& bytes, const std::string& where);

/// Copies the tensors to the entries of their names. "module." or "model." before all names, and
/// counters of batches, are left out. With `new_head` the last dense layer keeps its values. Throws
/// DataError with all tensors that are missing, unexpected, of another shape or not finite.
void load_state_dict(StateDict tensors, const Model& model, bool new_head, const std::string& where,
                     FlatParameters* weights);

}  // namespace medpfl
