#pragma once
#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "core/flat_parameters.hpp"
#include "models/model.hpp"

namespace medpfl {

using StateDict = std::map<std::string, at::Tensor>;

/// Returns the tensors, by name, in the bytes of a file: a state dict that torch.save wrote (zip or
/// the older form; also as the entry "state_dict" of a dict), or a TorchScript archive. Throws
/// DataError where there is none; `where` names the file in messages.
StateDict read_state_dict(const std::string& bytes, const std::string& where);

/// Copies tensors to the entries of `weights` with their names. A prefix "module." or "model." of
/// all names, and counters of batches, are ignored. With `new_head` the last dense layer keeps its
/// values. Throws DataError that lists all tensors that are missing, unexpected, of another shape
/// or not finite.
void load_state_dict(StateDict tensors, const Model& model, bool new_head, const std::string& where,
                     FlatParameters* weights);

}  // namespace medpfl
