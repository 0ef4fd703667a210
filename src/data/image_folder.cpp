#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <map>

#include "core/error.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"
#include "data/accented_names.hpp"
#include "data/folder_listing.hpp"
#include "data/image_file.hpp"
#include "data/image_transform.hpp"
#include "data/validation.hpp"

namespace medpfl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected PATH/train/CLASS/IMAGE and PATH/test/CLASS/IMAGE (or Training, Testing)";

[[noreturn]] void fail(const fs::path& folder, const std::string& reason,
                       const std::string& advice = kLayout) {
  throw DataError(
      fmt::format("cannot use image folder '{}': {}; {}", folder.string(), reason, advice));
}

// train, test or val for a folder named so in any usual way, else "".
std::string split_of(const std::string& name) {
  const std::string word = lower(name);
  if (word == "train" || word == "training") return "train";
  if (word == "test" || word == "testing") return "test";
  if (word == "val" || word == "valid" || word == "validation") return "val";
  return {};
}

void require_folder(const fs::path& root) {
  std::error_code error;
  if (!fs::exists(root, error)) fail(root, "it does not exist", "correct the path");
  if (!fs::is_directory(root, error)) fail(root, "it is not a folder", "correct the path");
}

using Splits = std::map<std::string, fs::path>;

// What to do where a split is not there.
std::string advice_without(const std::string& split, const Splits& splits) {
  if (split == "val") return "set data.test_split=test";
  if (split == "train") return kLayout;
  return fmt::format("{}; or hold images out of train: data.holdout=0.2{}", kLayout,
                     splits.count("val") == 0 ? "" : "; or test on val: data.test_split=val");
}

// Finds the folders of splits, among which all those that are `wanted` must be.
Splits find_splits(const fs::path& root, const std::vector<std::string>& wanted) {
  require_folder(root);
  Splits splits;
  FolderListing listing;
  const std::vector<std::string> names = listing.folders(root);
  for (const std::string& name : names) {
    const std::string split = split_of(name);
    if (split.empty()) continue;
    if (!splits.emplace(split, root / name).second)
      fail(root,
           fmt::format("'{}' and '{}' are both the {} split", splits[split].filename().string(),
                       name, split),
           "rename one of them");
  }
  const auto holds_images = [&](const std::string& name) {
    return !listing.images(root / name).empty();
  };
  if (splits.empty() && std::any_of(names.begin(), names.end(), holds_images))
    fail(root, fmt::format("it holds class folders ({}) but no splits", join(names)));
  for (const std::string& split : wanted)
    if (splits.count(split) == 0)
      fail(root,
           fmt::format("it has no {} folder; folders found: {}", split,
                       names.empty() ? "none" : join(names)),
           advice_without(split, splits));
  return splits;
}

std::vector<std::string> missing_from(const std::vector<std::string>& wanted,
                                      const std::vector<std::string>& present) {
  std::vector<std::string> out;
  std::set_difference(wanted.begin(), wanted.end(), present.begin(), present.end(),
                      std::back_inserter(out));
  return out;
}

// Collects the images of splits, and what was left out of their folders.
class Collector {
 public:
  void append(const fs::path& split, const std::vector<std::string>& classes,
              Manifest::Part* part) {
    const std::vector<std::string> found = listing_.folders(split);
    if (found != classes) {
      const std::vector<std::string> lacking = missing_from(classes, found);
      const std::vector<std::string> unknown = missing_from(found, classes);
      fail(split,
           fmt::format("its class folders differ from those of the training split: missing {}, "
                       "only here {}",
                       lacking.empty() ? "none" : with_marks_shown(join(lacking)),
                       unknown.empty() ? "none" : with_marks_shown(join(unknown))),
           "give both splits the same class folders");
    }
    for (size_t label = 0; label < classes.size(); ++label)
      append_class(split / classes[label], label, part);
  }

  // Public images lie in class folders, with or without folders of splits above them, and may lack
  // classes.
  void append_public(const fs::path& root, const std::vector<std::string>& classes,
                     Manifest::Part* part) {
    require_folder(root);
    std::vector<fs::path> folders;
    for (const std::string& name : listing_.folders(root))
      if (!split_of(name).empty()) folders.push_back(root / name);
    if (folders.empty()) folders.push_back(root);
    for (const fs::path& folder : folders) {
      const std::vector<std::string> found = FolderListing().folders(folder);
      const std::vector<std::string> unknown = missing_from(found, classes);
      if (found.empty() || !unknown.empty())
        fail(folder,
             found.empty() ? "it has no class folders"
                           : fmt::format("its images of {} are of no class of the data set, which "
                                         "has {}",
                                         join(unknown), join(classes)),
             "data.public_path wants PATH/CLASS/IMAGE, with classes of the training split");
      for (size_t label = 0; label < classes.size(); ++label)
        if (std::binary_search(found.begin(), found.end(), classes[label]))
          append_class(folder / classes[label], label, part);
    }
  }

  // Returns a remark on what was left out below `root`, if anything was.
  std::vector<std::string> remarks(const std::string& root) const {
    const std::string left_out = listing_.left_out();
    if (left_out.empty()) return {};
    return {fmt::format("left out of image folder '{}': {}; images are .png, .jpg and .jpeg files",
                        root, left_out)};
  }

 private:
  void append_class(const fs::path& folder, size_t label, Manifest::Part* part) {
    const std::vector<std::string> names = listing_.images(folder);
    if (names.empty()) {
      const std::string left_out = listing_.left_out();
      fail(
          folder,
          fmt::format("it holds no .png, .jpg or .jpeg file{}",
                      left_out.empty() ? "" : fmt::format(" (so far were left out: {})", left_out)),
          "fill or remove the class");
    }
    for (const std::string& name : names) {
      part->ids.push_back(part->size());
      part->labels.push_back(static_cast<int64_t>(label));
      part->files.push_back((folder / name).string());
    }
  }

  FolderListing listing_;
};

double white_of(const Manifest::Part& part) {
  double white = 0;
  for (const std::string& file : part.files) {
    end_if_stop_signalled();
    white = std::max(white, peek_white(file));
  }
  return white;
}

struct ImageFolderOptions {
  Validation validation = Validation::kIgnore;
};

class ImageFolder final : public Dataset {
 public:
  ImageFolder(const ImageFolderOptions& own, DataRequest request)
      : validation_(own.validation), request_(std::move(request)) {}

  Manifest scan() const override {
    const std::string test = word_of(request_.test_split);
    std::vector<std::string> wanted = {"train"};
    if (request_.wants_test) wanted.push_back(test);
    const Splits splits = find_splits(request_.path, wanted);
    Manifest manifest;
    Collector collector;
    manifest.class_names = FolderListing().folders(splits.at("train"));
    if (manifest.class_names.empty()) fail(splits.at("train"), "it has no class folders");
    collector.append(splits.at("train"), manifest.class_names, &manifest.train);
    if (request_.wants_test)
      collector.append(splits.at(test), manifest.class_names, &manifest.test);
    if (validation_ != Validation::kIgnore) {
      if (splits.count("val") == 0)
        fail(request_.path, fmt::format("val = {}, but it has no val folder", word_of(validation_)),
             "set val = ignore");
      collector.append(splits.at("val"), manifest.class_names,
                       validation_ == Validation::kTrain ? &manifest.train : &manifest.test);
    }
    manifest.remarks = collector.remarks(request_.path);
    if (std::string twins = remark_on_twins(manifest.class_names); !twins.empty())
      manifest.remarks.push_back(std::move(twins));
    const double white = std::max(white_of(manifest.train), white_of(manifest.test));
    manifest.pixels = pixel_format(request_.window, white);
    if (!request_.public_path.empty()) scan_public(&manifest);
    return manifest;
  }

  at::Tensor read(const Manifest& manifest, Split split, const std::vector<int64_t>& positions,
                  ReadNotes* notes) const override {
    const Manifest::Part& part = manifest.part(split);
    const at::Tensor images =
        empty_images(static_cast<int64_t>(positions.size()), request_, manifest.pixels);
    for (size_t i = 0; i < positions.size(); ++i) {
      end_if_stop_signalled();
      images.select(0, static_cast<int64_t>(i))
          .copy_(read_one(file_of(part, positions[i]), manifest.pixels, notes));
    }
    return images;
  }

  std::vector<ImageFault> find_faults(const Manifest& manifest, Split split,
                                      const std::vector<int64_t>& positions,
                                      Look look) const override {
    std::vector<ImageFault> faults;
    for (const int64_t position : positions) {
      end_if_stop_signalled();
      if (auto fault = find_image_fault(file_of(manifest.part(split), position), look)) {
        fault->position = position;
        faults.push_back(std::move(*fault));
      }
    }
    return faults;
  }

 private:
  void scan_public(Manifest* manifest) const {
    Collector collector;
    collector.append_public(request_.public_path, manifest->class_names, &manifest->open);
    check_public_depth(manifest->pixels, white_of(manifest->open), request_.public_path);
    for (std::string& remark : collector.remarks(request_.public_path))
      manifest->remarks.push_back(std::move(remark));
  }

  static const std::string& file_of(const Manifest::Part& part, int64_t position) {
    if (position < 0 || position >= static_cast<int64_t>(part.files.size()))
      throw Error(ExitCode::kInternal, fmt::format("image {} was asked for, of a split of {}",
                                                   position, part.files.size()));
    return part.files[static_cast<size_t>(position)];
  }

  at::Tensor read_one(const std::string& file, const PixelFormat& pixels, ReadNotes* notes) const {
    const SourceImage image = read_image_file(file);
    try {
      return prepare_image(image, request_, pixels, notes);
    } catch (const DataError& error) {
      throw DataError(fmt::format("cannot use image '{}': {}", file, error.what()));
    }
  }

  Validation validation_;
  DataRequest request_;
};

}  // namespace

RegistryEntry<DatasetFactory> image_folder() {
  const OptionTable<ImageFolderOptions> options = {validation_option<ImageFolderOptions>()};
  return {"image-folder",
          "JPEG and PNG files in folders path/SPLIT/CLASS, also in folders below",
          "",
          options.specs(),
          {true,
           with_options(options,
                        [](const ImageFolderOptions& own, const DataRequest& request) {
                          check_validation(own.validation, request);
                          return std::make_unique<ImageFolder>(own, request);
                        }),
           true, true}};
}

}  // namespace medpfl
