#include <numeric>

#include "data/dataset.hpp"
#include "fuzz.hpp"

namespace medpfl {
namespace {

using std::string_view_literals::operator""sv;

// Sound files of two images of 2 x 2 pixels.
constexpr std::string_view kImages = "\0\0\x08\x03\0\0\0\2\0\0\0\2\0\0\0\2abcdefgh"sv;
constexpr std::string_view kLabels = "\0\0\x08\x01\0\0\0\2\0\1"sv;

void read_folder(const std::string& folder) {
  DataRequest request;
  request.path = folder;
  request.image_size = 4;
  const auto& mnist = datasets().find("mnist");
  const auto data = mnist.create.make({}, request);
  const Manifest manifest = data->scan();
  std::vector<int64_t> all(static_cast<size_t>(std::min<int64_t>(manifest.train.size(), 8)));
  std::iota(all.begin(), all.end(), 0);
  data->read(manifest, Split::kTrain, all);
}

}  // namespace
}  // namespace medpfl

// The bytes as images with sound labels, and as labels with sound images.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  static const medpfl::RamFolder folder;
  const auto pair = [](std::string_view images, std::string_view labels) {
    folder.write("t10k-images-idx3-ubyte", images);
    folder.write("t10k-labels-idx1-ubyte", labels);
    medpfl::read_folder(folder.path());
  };
  medpfl::fuzz(data, n, [&](std::string_view bytes) { pair(bytes, medpfl::kLabels); });
  return medpfl::fuzz(data, n, [&](std::string_view bytes) { pair(medpfl::kImages, bytes); });
}
