#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/option_table.hpp"
#include "core/random.hpp"
#include "core/stop.hpp"
#include "data/dataset.hpp"
#include "data/image_transform.hpp"
#include "data/phantom_canvas.hpp"

namespace medpfl {
namespace {

struct Modality {
  std::string name;
  std::vector<std::string> classes;

  Scene (*scene)(int64_t label, RandomStream* stream);
};

const std::vector<Modality>& modalities() {
  static const std::vector<Modality> table = {
      {"mri", {"notumor", "glioma", "meningioma", "pituitary"}, mri_scene},
      {"xray", {"normal", "pneumonia", "covid"}, xray_scene},
      {"dermoscopy", {"benign", "malignant"}, dermoscopy_scene},
  };
  return table;
}

constexpr double kMost = 1'000'000;  // images of a split

struct PhantomOptions {
  std::string modality = "mri";  // the name of one of modalities()
  int64_t train = 400, test = 100;
};

OptionTable<PhantomOptions> phantom_options() {
  using O = Option<PhantomOptions>;
  std::vector<std::string> names;
  for (const Modality& modality : modalities()) names.push_back(modality.name);
  return {O{"modality", &PhantomOptions::modality, "kind of pictures to generate"}.one_of(names),
          O{"train", &PhantomOptions::train, "training images to generate"}.between(1, kMost),
          O{"test", &PhantomOptions::test, "test images to generate"}.between(1, kMost)};
}

// A generated data set: image i of a split has label i % classes and is drawn from a random stream
// of its own, so any rank draws any subset with the same bits, and no image is ever stored.
//   mri         notumor, glioma, meningioma, pituitary: axial head slices, gray
//   xray        normal, pneumonia, covid: frontal chest radiographs, gray
//   dermoscopy  benign, malignant: pigmented lesions of the skin, color
// Gray pictures are repeated for 3 channels; color ones become ITU-R 601 luma for 1 channel.
class Phantom final : public Dataset {
 public:
  Phantom(const Modality& modality, const PhantomOptions& own, const DataRequest& request)
      : modality_(modality), train_(own.train), test_(own.test), request_(request) {}

  Manifest scan() const override {
    Manifest manifest;
    manifest.class_names = modality_.classes;
    fill(train_, &manifest.train);
    if (request_.wants_test) fill(test_, &manifest.test);
    return manifest;
  }

  at::Tensor read(const Manifest& manifest, Split split, const std::vector<int64_t>& positions,
                  ReadNotes* /*notes*/) const override {
    const Manifest::Part& part = manifest.part(split);
    const int64_t count = static_cast<int64_t>(positions.size());
    const int64_t size = request_.image_size, bytes = request_.channels * size * size;
    const at::Tensor images = empty_images(count, request_, manifest.pixels);
    auto* out = images.data_ptr<uint8_t>();
    for (const int64_t position : positions) {
      end_if_stop_signalled();
      if (position < 0 || position >= part.size())
        throw DataError(
            fmt::format("phantom: image {} was asked for, but the part has {}; ask for "
                        "positions 0 ... {}",
                        position, part.size(), part.size() - 1));
      const auto at = static_cast<size_t>(position);
      RandomStream stream({request_.seed, Purpose::kPhantom, split == Split::kTrain ? 0U : 1U,
                           static_cast<uint64_t>(part.ids[at]), 0});
      const Scene scene = modality_.scene(part.labels[at], &stream);
      render(scene, size, request_.channels, &stream, out);
      out += bytes;
    }
    return images;
  }

 private:
  void fill(int64_t count, Manifest::Part* part) const {
    const auto classes = static_cast<int64_t>(modality_.classes.size());
    for (int64_t id = 0; id < count; ++id) {
      part->labels.push_back(id % classes);
      part->ids.push_back(id);
    }
  }

  Modality modality_;
  int64_t train_, test_;
  DataRequest request_;
};

// Throws ConfigError where the image size (8 ... 512), the channels (1 or 3) or a window are not
// allowed.
std::unique_ptr<Dataset> make_phantom(const PhantomOptions& own, const DataRequest& request) {
  if (request.image_size < 8 || request.image_size > 512)
    throw ConfigError(
        fmt::format("phantom: an image size of {} pixels is not allowed: it must be "
                    "in [8, 512]",
                    request.image_size));
  if (request.channels != 1 && request.channels != 3)
    throw ConfigError(fmt::format("phantom: {} channels are not allowed: use 1 (gray) or 3 (RGB)",
                                  request.channels));
  if (request.window)
    throw ConfigError(
        "phantom: data.window is of levels that files hold; phantoms are drawn in 8 bits");
  const auto& table = modalities();
  const auto found = std::find_if(table.begin(), table.end(), [&](const Modality& modality) {
    return modality.name == own.modality;
  });
  return std::make_unique<Phantom>(*found, own, request);
}

}  // namespace

RegistryEntry<DatasetFactory> phantom() {
  const OptionTable<PhantomOptions> options = phantom_options();
  return {"phantom",
          "generated medical phantoms; needs no files",
          "",
          options.specs(),
          {false, with_options(options, make_phantom)}};
}

}  // namespace medpfl
