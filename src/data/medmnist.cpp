#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/image_file.hpp"
#include "data/npz.hpp"
#include "data/row_gatherer.hpp"
#include "data/rows.hpp"

namespace medpfl {
namespace {

// More classes than this are taken for something else than class labels.
constexpr int64_t kMaxClasses = 10'000;
constexpr size_t kLabelBlock = 4096;

[[noreturn]] void fail(const std::string& where, const std::string& reason) {
  throw DataError(fmt::format("cannot use {}: {}", where, reason));
}

std::string archive_path(const std::string& name, const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::exists(path, error))
    fail(fmt::format("'{}'", path), "it does not exist; set path to a MedMNIST .npz file");
  if (!fs::is_directory(path, error)) return path;
  if (name.empty())
    fail(fmt::format("'{}'", path),
         "it is a folder; set the option name (breastmnist), or path to the .npz file itself");
  std::string file = (fs::path(path) / (name + ".npz")).string();
  if (!fs::exists(file, error))
    fail(fmt::format("'{}'", file), "it does not exist; correct path or the option name");
  return file;
}

RowShape image_shape(const NpzMember& images) {
  const NpyHeader& header = images.header();
  const std::vector<int64_t>& shape = header.shape;
  if (!header.has_levels())
    fail(images.where(),
         fmt::format("images must be integers or floating-point numbers, not {}", header.descr));
  const bool known = shape.size() == 3 || (shape.size() == 4 && shape[3] == 3);
  if (!known)
    fail(images.where(), fmt::format("images must be of shape (N, H, W) or (N, H, W, 3), not {}",
                                     header.shape_text()));
  for (const int64_t side : {shape[1], shape[2]})
    if (side < 1 || side > kMaxImageSide)
      fail(images.where(),
           fmt::format("images of shape {} cannot be used, a side must be in [1, {}]",
                       header.shape_text(), kMaxImageSide));
  return {shape[1], shape[2], shape.size() == 4 ? 3 : 1, header};
}

std::vector<int64_t> read_labels(NpzMember labels) {
  const NpyHeader& header = labels.header();
  const std::vector<int64_t>& shape = header.shape;
  if (!header.is_integer())
    fail(labels.where(), fmt::format("labels must be integers, not {}", header.descr));
  if (shape.size() != 1 && !(shape.size() == 2 && shape[1] == 1))
    fail(labels.where(),
         fmt::format("labels must be of shape (N,) or (N, 1), not {}; sets with several labels an "
                     "image are not supported",
                     header.shape_text()));
  const auto item = static_cast<size_t>(header.item_bytes);
  std::vector<unsigned char> block(kLabelBlock * item);
  std::vector<int64_t> out;
  for (auto left = static_cast<size_t>(shape[0]); left > 0;) {
    const size_t count = std::min(left, kLabelBlock);
    labels.read(block.data(), count * item);
    for (size_t i = 0; i < count; ++i) {
      const int64_t label = npy_integer(header, block.data() + i * item);
      if (label < 0 || label >= kMaxClasses)
        fail(labels.where(), fmt::format("label {} of image {} is not a class in 0 ... {}", label,
                                         out.size(), kMaxClasses - 1));
      out.push_back(label);
    }
    left -= count;
  }
  labels.finish();
  return out;
}

struct MedMnistOptions {
  std::string name;
  Validation validation = Validation::kIgnore;
};

class MedMnist final : public Dataset {
 public:
  MedMnist(MedMnistOptions own, DataRequest request)
      : own_(std::move(own)), request_(std::move(request)) {}

  Manifest scan() const override {
    const NpzArchive archive(archive_path(own_.name, request_.path));
    check_keys(archive);
    Manifest manifest;
    int64_t classes = 0;
    for (const Split split : {Split::kTrain, Split::kTest})
      for (const std::string& source : sources(split))
        append(archive, source, split == Split::kTrain ? &manifest.train : &manifest.test);
    // The class count is that of the whole set, also where its validation images are left out.
    for (const char* source : {"train", "val", "test"}) {
      const std::string key = std::string(source) + "_labels";
      if (!archive.has(key)) continue;
      for (const int64_t label : read_labels(archive.open(key)))
        classes = std::max(classes, label + 1);
    }
    for (int64_t label = 0; label < classes; ++label)
      manifest.class_names.push_back(std::to_string(label));
    manifest.pixels = pixel_format(request_.window, white(archive));
    return manifest;
  }

  at::Tensor read(const Manifest& manifest, Split split,
                  const std::vector<int64_t>& positions) const override {
    const NpzArchive archive(archive_path(own_.name, request_.path));
    check_keys(archive);
    RowGatherer gatherer(manifest, split, positions, request_);
    int64_t first = 0;
    for (const std::string& source : sources(split)) {
      NpzMember images = archive.open(source + "_images");
      const RowShape shape = image_shape(images);
      const int64_t count = images.header().shape[0];
      if (gatherer.wants(first, count)) {
        gatherer.gather(first, count, shape,
                        [&images](void* out, size_t bytes) { images.read(out, bytes); });
        images.finish();
      }
      first += count;
    }
    return gatherer.result();
  }

 private:
  std::vector<std::string> sources(Split split) const {
    const bool train = split == Split::kTrain;
    std::vector<std::string> names = {train ? "train" : "test"};
    if (own_.validation == (train ? Validation::kTrain : Validation::kTest)) names.push_back("val");
    return names;
  }

  // The level of full intensity, the same of all arrays in use; known where no window says it.
  double white(const NpzArchive& archive) const {
    std::optional<double> first;
    for (const Split split : {Split::kTrain, Split::kTest})
      for (const std::string& source : sources(split)) {
        const NpzMember images = archive.open(source + "_images");
        const double one = images.header().white();
        if (one == 0 && !request_.window)
          fail(images.where(),
               fmt::format("its type {} does not say which level is white; set data.window to the "
                           "two levels that shall be black and white",
                           images.header().descr));
        if (one != first.value_or(one))
          fail(images.where(), fmt::format("its type {} has another depth than that of the other "
                                           "images; give all one type",
                                           images.header().descr));
        first = one;
      }
    return *first;
  }

  void check_keys(const NpzArchive& archive) const {
    std::vector<std::string> wanted;
    for (const Split split : {Split::kTrain, Split::kTest})
      for (const std::string& source : sources(split))
        for (const char* what : {"_images", "_labels"}) wanted.push_back(source + what);
    for (const std::string& key : wanted)
      if (!archive.has(key))
        fail(fmt::format("'{}'", archive_path(own_.name, request_.path)),
             fmt::format("it has no array {}; wanted: {}; found: {}", key, join(wanted),
                         archive.keys().empty() ? "none" : join(archive.keys())));
  }

  static void append(const NpzArchive& archive, const std::string& source, Manifest::Part* part) {
    const NpzMember images = archive.open(source + "_images");
    image_shape(images);
    const std::vector<int64_t> labels = read_labels(archive.open(source + "_labels"));
    const int64_t count = images.header().shape[0];
    if (count != static_cast<int64_t>(labels.size()) || count == 0)
      fail(images.where(),
           fmt::format("there are {} images and {} labels; there must be as many of each, and one "
                       "at least",
                       count, labels.size()));
    for (const int64_t label : labels) {
      part->ids.push_back(part->size());
      part->labels.push_back(label);
    }
  }

  MedMnistOptions own_;
  DataRequest request_;
};

}  // namespace

RegistryEntry<DatasetFactory> medmnist() {
  const OptionTable<MedMnistOptions> options = {
      {"name", &MedMnistOptions::name, "file without .npz, where path is a folder: breastmnist"},
      validation_option<MedMnistOptions>()};
  return {"medmnist",
          "a MedMNIST .npz archive, or a folder of them and a name",
          "Yang et al., MedMNIST v2, Scientific Data 2023",
          options.specs(),
          {true, with_options(options, [](const MedMnistOptions& own, const DataRequest& request) {
             return std::make_unique<MedMnist>(own, request);
           })}};
}

}  // namespace medpfl
