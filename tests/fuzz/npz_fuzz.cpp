#include <algorithm>
#include <cstring>
#include <numeric>

#include "data/dataset.hpp"
#include "data/image_array.hpp"
#include "fuzz.hpp"

namespace medpfl {
namespace {

// A bare array: within an archive its checksum stops nearly all changes.
void read_array(std::string_view bytes) {
  const ByteSource source = [&bytes](void* out, size_t count) {
    if (count > bytes.size()) throw DataError("the array ends early");
    std::memcpy(out, bytes.data(), count);
    bytes.remove_prefix(count);
  };
  const NpyHeader header = read_npy_header(source, "a");
  if (header.shape.size() < 3) {
    read_labels(header, source);
    return;
  }
  image_shape(header);
  std::vector<unsigned char> item(static_cast<size_t>(header.item_bytes));
  for (int64_t i = 0; i < header.count(); ++i) {
    source(item.data(), item.size());
    npy_level(header, item.data());
  }
}

void read_archive(const std::string& path) {
  DataRequest request;
  request.path = path;
  request.image_size = 4;
  const auto& medmnist = datasets().find("medmnist");
  const auto data = medmnist.create.make(OptionValues::defaults(medmnist.options), request);
  const Manifest manifest = data->scan();
  for (const Split split : {Split::kTrain, Split::kTest}) {
    std::vector<int64_t> all(
        static_cast<size_t>(std::min<int64_t>(manifest.part(split).size(), 8)));
    std::iota(all.begin(), all.end(), 0);
    data->read(manifest, split, all);
  }
}

}  // namespace
}  // namespace medpfl

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  static const medpfl::RamFolder folder;
  medpfl::fuzz(data, n, [](std::string_view bytes) { medpfl::read_array(bytes); });
  return medpfl::fuzz(
      data, n, [](std::string_view bytes) { medpfl::read_archive(folder.write("a.npz", bytes)); });
}
