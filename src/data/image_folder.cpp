#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <map>

#include "core/error.hpp"
#include "core/text.hpp"
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

// Sorted names of the entries that `accept` takes; hidden ones never.
template <class Accept>
std::vector<std::string> list(const fs::path& folder, Accept accept) {
  std::vector<std::string> names;
  try {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      std::string name = entry.path().filename().string();
      if (name.front() != '.' && accept(entry)) names.push_back(std::move(name));
    }
  } catch (const fs::filesystem_error& error) {
    fail(folder, error.code().message(), "check the path and its permissions");
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> folders_in(const fs::path& folder) {
  return list(folder, [](const fs::directory_entry& entry) { return entry.is_directory(); });
}

std::vector<std::string> images_in(const fs::path& folder) {
  return list(folder, [](const fs::directory_entry& entry) {
    const std::string suffix = lower(entry.path().extension().string());
    return (suffix == ".png" || suffix == ".jpg" || suffix == ".jpeg") && entry.is_regular_file();
  });
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

std::map<std::string, fs::path> find_splits(const fs::path& root) {
  require_folder(root);
  std::map<std::string, fs::path> splits;
  const std::vector<std::string> names = folders_in(root);
  for (const std::string& name : names) {
    const std::string split = split_of(name);
    if (split.empty()) continue;
    if (!splits.emplace(split, root / name).second)
      fail(root,
           fmt::format("'{}' and '{}' are both the {} split", splits[split].filename().string(),
                       name, split),
           "rename one of them");
  }
  if (splits.count("train") != 0 && splits.count("test") != 0) return splits;
  const bool bare = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return split_of(name).empty() && !images_in(root / name).empty();
  });
  if (splits.empty() && bare)
    fail(root, fmt::format("it holds class folders ({}) but no splits", join(names)));
  fail(root, fmt::format("it has no {} folder; folders found: {}",
                         splits.count("train") == 0 ? "train" : "test",
                         names.empty() ? "none" : join(names)));
}

std::vector<std::string> missing_from(const std::vector<std::string>& wanted,
                                      const std::vector<std::string>& present) {
  std::vector<std::string> out;
  std::set_difference(wanted.begin(), wanted.end(), present.begin(), present.end(),
                      std::back_inserter(out));
  return out;
}

void append_class(const fs::path& folder, size_t label, Manifest::Part* part) {
  const std::vector<std::string> names = images_in(folder);
  if (names.empty())
    fail(folder, "it holds no .png, .jpg or .jpeg file", "fill or remove the class");
  for (const std::string& name : names) {
    part->ids.push_back(part->size());
    part->labels.push_back(static_cast<int64_t>(label));
    part->files.push_back((folder / name).string());
  }
}

void append(const fs::path& split, const std::vector<std::string>& classes, Manifest::Part* part) {
  const std::vector<std::string> found = folders_in(split);
  if (found != classes) {
    const std::vector<std::string> lacking = missing_from(classes, found);
    const std::vector<std::string> unknown = missing_from(found, classes);
    fail(split,
         fmt::format("its class folders differ from those of the training split: missing {}, only "
                     "here {}",
                     lacking.empty() ? "none" : join(lacking),
                     unknown.empty() ? "none" : join(unknown)),
         "give both splits the same class folders");
  }
  for (size_t label = 0; label < classes.size(); ++label)
    append_class(split / classes[label], label, part);
}

// Public images lie in class folders, with or without folders of splits above them, and may lack
// classes.
Manifest::Part find_public(const fs::path& root, const std::vector<std::string>& classes) {
  require_folder(root);
  std::vector<fs::path> folders;
  for (const std::string& name : folders_in(root))
    if (!split_of(name).empty()) folders.push_back(root / name);
  if (folders.empty()) folders.push_back(root);
  Manifest::Part part;
  for (const fs::path& folder : folders) {
    const std::vector<std::string> found = folders_in(folder);
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
        append_class(folder / classes[label], label, &part);
  }
  return part;
}

double white_of(const Manifest::Part& part) {
  double white = 0;
  for (const std::string& file : part.files) white = std::max(white, peek_white(file));
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
    const std::map<std::string, fs::path> splits = find_splits(request_.path);
    Manifest manifest;
    manifest.class_names = folders_in(splits.at("train"));
    if (manifest.class_names.empty()) fail(splits.at("train"), "it has no class folders");
    append(splits.at("train"), manifest.class_names, &manifest.train);
    append(splits.at("test"), manifest.class_names, &manifest.test);
    if (validation_ != Validation::kIgnore) {
      if (splits.count("val") == 0)
        fail(request_.path, fmt::format("val = {}, but it has no val folder", word_of(validation_)),
             "set val = ignore");
      append(splits.at("val"), manifest.class_names,
             validation_ == Validation::kTrain ? &manifest.train : &manifest.test);
    }
    const double white = std::max(white_of(manifest.train), white_of(manifest.test));
    manifest.pixels = pixel_format(request_.window, white);
    if (!request_.public_path.empty()) {
      manifest.open = find_public(request_.public_path, manifest.class_names);
      check_public_depth(manifest.pixels, white_of(manifest.open), request_.public_path);
    }
    return manifest;
  }

  at::Tensor read(const Manifest& manifest, Split split,
                  const std::vector<int64_t>& positions) const override {
    const Manifest::Part& part = manifest.part(split);
    const int64_t size = request_.image_size;
    const at::Tensor images =
        at::empty({static_cast<int64_t>(positions.size()), request_.channels, size, size},
                  manifest.pixels.type());
    for (size_t i = 0; i < positions.size(); ++i) {
      const int64_t position = positions[i];
      if (position < 0 || position >= static_cast<int64_t>(part.files.size()))
        throw Error(ExitCode::kInternal, fmt::format("image {} was asked for, of a split of {}",
                                                     position, part.files.size()));
      images.select(0, static_cast<int64_t>(i))
          .copy_(read_one(part.files[static_cast<size_t>(position)], manifest.pixels));
    }
    return images;
  }

 private:
  at::Tensor read_one(const std::string& file, const PixelFormat& pixels) const {
    const SourceImage image = read_image_file(file);
    try {
      return fit_image(in_format(image, request_.window, pixels), request_.channels,
                       request_.image_size);
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
          "JPEG and PNG files in folders path/SPLIT/CLASS/IMAGE",
          "",
          options.specs(),
          {true,
           with_options(options,
                        [](const ImageFolderOptions& own, const DataRequest& request) {
                          return std::make_unique<ImageFolder>(own, request);
                        }),
           true}};
}

}  // namespace medpfl
