#pragma once
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "core/flat_parameters.hpp"
#include "models/model.hpp"

namespace medpfl {

using StateDict = std::map<std::string, at::Tensor>;

/// A tensor of a file of weights with more dimensions is taken for a fault.
inline constexpr size_t kMostDimensions = 16;

/// Returns the tensors, by name, in the bytes of a file of torch.save (zip or the older form), of
/// torch.jit.save (torch_file.hpp), or of safetensors. Nothing in it is run, and what is taken of
/// memory is some times the size of the bytes at most. Throws DataError where there are no tensors;
/// `where` names the file in messages.
StateDict read_state_dict(std::string_view bytes, const std::string& where);

/// Copies tensors to the entries of `weights` with their names. The prefixes "_orig_mod.",
/// "module.", "model." and "net." of all names, and counters of batches, are ignored. With
/// `new_head` the last dense layer keeps its values. Throws DataError that lists all tensors that
/// are missing, unexpected, of another shape, of integers, or not finite in float32.
void load_state_dict(StateDict tensors, const Model& model, bool new_head, const std::string& where,
                     FlatParameters* weights);

}  // namespace medpfl
