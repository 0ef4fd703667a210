#pragma once
#include <functional>
#include <string>

#include "models/state_dict.hpp"
#include "models/unpickler.hpp"

namespace medpfl {

/// Where the values of a tensor are, outside of the pickle.
struct StorageId {
  std::string key;
  at::ScalarType type = at::kFloat;
};

/// Returns what the persistent id of a storage says. Throws DataError on a type that is not read.
StorageId storage_id(const Pickled& id);

/// Whether a persistent id is one of a storage.
bool names_storage(const Pickled& id);

/// Returns the values of the storage `key`, in the byte order of this machine or the other one.
/// Throws DataError where the file has none.
using StorageBytes = std::function<std::string(const std::string& key)>;

/// Returns, by name, the tensors of what a pickle holds: a state dict; a dict of other things too,
/// that has one as "state_dict", "model_state_dict", "model" or "net"; or a whole network, of
/// torch.save or torch.jit.save, whose attributes are read without running it. Other things beside
/// the tensors are left out. With `swap` the values are in the other byte order. Throws DataError
/// that names the keys that are there, where none of them is of tensors, and on tensors that reach
/// beyond their storage.
StateDict pickled_state_dict(const Pickled& root, const StorageBytes& bytes, bool swap);

}  // namespace medpfl
