#pragma once
#include <string_view>

#include "models/state_dict.hpp"

namespace medpfl {

/// Returns the tensors, by name, in the bytes of a file of safetensors
/// (https://huggingface.co/docs/safetensors): the length of a JSON header, 8 bytes little-endian,
/// the header, and the values. Types are F16, BF16, F32 and F64, and I64 for counters of batches;
/// the values lie side by side and fill the file. Throws DataError.
StateDict read_safetensors(std::string_view bytes);

/// Whether bytes look like such a file, not one of torch.save: the header follows its length.
bool is_safetensors(std::string_view bytes);

}  // namespace medpfl
