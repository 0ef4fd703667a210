#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/image_array.hpp"
#include "data/npz.hpp"
#include "data/row_gatherer.hpp"
#include "data/validation.hpp"

namespace medpfl {
namespace {

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

struct MedMnistOptions {
  std::string name;
  Validation validation = Validation::kIgnore;
};

class MedMnist final : public Dataset {
 public:
  MedMnist(MedMnistOptions own, DataRequest request)
      : own_(std::move(own)), request_(std::move(request)) {}

  Manifest scan() const override {
    const NpzArchive archive = open_archive(Split::kTrain);
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
      for (const int64_t label : labels_of(archive.open(key)))
        classes = std::max(classes, label + 1);
    }
    manifest.class_names = numbered_classes(classes);
    manifest.pixels = pixel_format(request_.window, white(archive));
    if (!request_.public_path.empty()) scan_public(&manifest);
    return manifest;
  }

  at::Tensor read(const Manifest& manifest, Split split, const std::vector<int64_t>& positions,
                  ReadNotes* notes) const override {
    const NpzArchive archive = open_archive(split);
    if (split != Split::kPublic) check_keys(archive);
    DataRequest request = request_;
    request.path = path(split);
    RowGatherer gatherer(manifest, split, positions, request, notes);
    int64_t first = 0;
    for (const std::string& source : split == Split::kPublic ? whole(archive) : sources(split)) {
      NpzMember images = archive.open(source + "_images");
      const RowShape shape = image_shape(images.header());
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
  const std::string& path(Split split) const {
    return split == Split::kPublic ? request_.public_path : request_.path;
  }

  NpzArchive open_archive(Split split) const {
    return NpzArchive(archive_path(own_.name, path(split)));
  }

  // Returns the sources of an archive, all of whose images are public.
  std::vector<std::string> whole(const NpzArchive& archive) const {
    std::vector<std::string> names;
    for (const char* source : {"train", "val", "test"})
      if (archive.has(fmt::format("{}_images", source)) &&
          archive.has(fmt::format("{}_labels", source)))
        names.emplace_back(source);
    if (names.empty())
      fail(fmt::format("'{}'", path(Split::kPublic)), "it has no images with labels");
    return names;
  }

  void scan_public(Manifest* manifest) const {
    const NpzArchive archive = open_archive(Split::kPublic);
    for (const std::string& source : whole(archive)) {
      append(archive, source, &manifest->open);
      check_public_depth(manifest->pixels,
                         white_level(archive.open(source + "_images").header(), request_.window),
                         path(Split::kPublic));
    }
    for (const int64_t label : manifest->open.labels)
      if (label >= manifest->classes())
        fail(fmt::format("'{}'", path(Split::kPublic)),
             fmt::format("its images of class {} are of no class of the data set, which has 0 to "
                         "{}",
                         label, manifest->classes() - 1));
  }

  std::vector<std::string> sources(Split split) const {
    const bool train = split == Split::kTrain;
    if (!train && !request_.wants_test) return {};
    std::vector<std::string> names = {train ? "train" : word_of(request_.test_split)};
    if (own_.validation == (train ? Validation::kTrain : Validation::kTest)) names.push_back("val");
    return names;
  }

  // The level of full intensity, the same of all arrays in use; known where no window says it.
  double white(const NpzArchive& archive) const {
    std::optional<double> first;
    for (const Split split : {Split::kTrain, Split::kTest})
      for (const std::string& source : sources(split)) {
        const NpzMember images = archive.open(source + "_images");
        const double one = white_level(images.header(), request_.window);
        if (one != first.value_or(one))
          fail(images.header().where,
               fmt::format("its type {} has another depth than that of the other images; give all "
                           "one type",
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
        fail(
            fmt::format("'{}'", archive_path(own_.name, request_.path)),
            fmt::format("it has no array {}; wanted: {}; found: {}; test images may also be held "
                        "out of the others (data.holdout=0.2) or those of val (data.test_split)",
                        key, join(wanted), archive.keys().empty() ? "none" : join(archive.keys())));
  }

  static std::vector<int64_t> labels_of(NpzMember array) {
    std::vector<int64_t> labels =
        read_labels(array.header(), [&array](void* out, size_t bytes) { array.read(out, bytes); });
    array.finish();
    return labels;
  }

  static void append(const NpzArchive& archive, const std::string& source, Manifest::Part* part) {
    const NpzMember images = archive.open(source + "_images");
    image_shape(images.header());
    const std::vector<int64_t> labels = labels_of(archive.open(source + "_labels"));
    require_label_for_each(images.header(), labels);
    append_rows(labels, 0, static_cast<int64_t>(labels.size()), part->size(), part);
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
          {true,
           with_options(options,
                        [](const MedMnistOptions& own, const DataRequest& request) {
                          check_validation(own.validation, request);
                          return std::make_unique<MedMnist>(own, request);
                        }),
           true, true}};
}

}  // namespace medpfl
