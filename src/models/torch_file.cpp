#include "models/torch_file.hpp"

#include <fmt/format.h>

#include <map>
#include <string>

#include "core/error.hpp"
#include "models/pickled_tensors.hpp"
#include "models/unpickler.hpp"
#include "models/zip_records.hpp"

namespace medpfl {
namespace {

// The integer that the older form begins with, as in memory.
constexpr std::string_view kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

// Since PyTorch 2.0 an archive names the byte order of its writer.
bool is_big_endian(ZipRecords* records) {
  if (!records->has("byteorder")) return false;
  const std::string order = records->read("byteorder");
  if (order != "big" && order != "little")
    throw DataError(fmt::format("its byteorder is neither big nor little"));
  return order == "big";
}

}  // namespace

StateDict read_torch_zip(std::string_view bytes) {
  ZipRecords records(bytes);
  const bool swap = is_big_endian(&records);
  const std::string pickle = records.read("data.pkl");
  Unpickler reader(pickle);
  return pickled_state_dict(
      reader.read(), [&](const std::string& key) { return records.read("data/" + key); }, swap);
}

// Pickles of the magic number, a version and the machine, then the state dict and the keys of its
// storages; behind them each storage with its number of elements before, always little-endian.
StateDict read_torch_legacy(std::string_view bytes) {
  Unpickler reader(bytes);
  if (reader.read().text != kMagic) throw DataError("it is a pickle, but none of torch.save");
  reader.read();
  reader.read();
  const Pickled& root = reader.read();
  const Pickled& keys = reader.read();
  std::map<std::string, size_t> element_bytes;
  for (const Pickled* id : reader.persistent_ids()) {
    if (!names_storage(*id)) continue;
    const StorageId storage = storage_id(*id);
    element_bytes[storage.key] = at::elementSize(storage.type);
  }
  std::map<std::string, std::string_view> storages;
  for (const Pickled* key : keys.items) {
    const auto found = element_bytes.find(key->text);
    if (found == element_bytes.end()) throw DataError("its pickle is malformed");
    uint64_t elements = 0, size = 0;
    std::memcpy(&elements, reader.take(sizeof elements).data(), sizeof elements);
    if (__builtin_mul_overflow(elements, found->second, &size)) throw DataError("it ends early");
    storages[key->text] = reader.take(size);
  }
  const auto bytes_of = [&](const std::string& key) {
    const auto found = storages.find(key);
    if (found == storages.end()) throw DataError("it lacks a storage");
    return std::string(found->second);
  };
  return pickled_state_dict(root, bytes_of, false);
}

}  // namespace medpfl
