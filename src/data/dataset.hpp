#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "core/registry.hpp"
#include "data/pixels.hpp"

namespace medpfl {

enum class Split { kTrain, kTest };

/// What is known of a data set without its pixels; small enough to be known by every rank.
struct Manifest {
  /// One entry an image, in the order of the source.
  struct Part {
    std::vector<int64_t> labels;     ///< class, 0 ... classes-1
    std::vector<int64_t> ids;        ///< position in the source; kept when images are left out
    std::vector<std::string> files;  ///< path of each image; empty where the source is one file
    int64_t size() const { return static_cast<int64_t>(labels.size()); }
  };
  std::vector<std::string> class_names;
  Part train, test;
  PixelFormat pixels;
  const Part& part(Split split) const { return split == Split::kTrain ? train : test; }
  int64_t classes() const { return static_cast<int64_t>(class_names.size()); }
};

/// How every data set is to be delivered.
struct DataRequest {
  std::string path;                   ///< file or folder of the data set; unused by generated ones
  int64_t image_size = 32;            ///< images are resized to image_size x image_size pixels
  int64_t channels = 1;               ///< 1 grey, 3 RGB
  uint64_t seed = 1;                  ///< of generated images
  std::optional<Window> window = {};  ///< levels that become 0 and 1; none: those of the source
};

/// A source of labelled images. Rank 0 scans; every rank reads only the images it needs.
class Dataset {
 public:
  virtual ~Dataset() = default;
  /// Names, labels and files of both splits, and the format of the pixels. Throws DataError.
  virtual Manifest scan() const = 0;
  /// Pixels of the images at `positions` of a split, in the manifest's format: [n, C, S, S]. Memory
  /// is that of the images asked for, not of the data set. Throws DataError naming the file.
  virtual at::Tensor read(const Manifest& manifest, Split split,
                          const std::vector<int64_t>& positions) const = 0;
};

/// A data set as its table has it: what is known before it is made, and how it is made.
struct DatasetFactory {
  bool needs_path;  ///< reads files, which data.path names; false: images are generated
  std::function<std::unique_ptr<Dataset>(const OptionValues& own, const DataRequest& request)> make;
};

/// All data sets that data.dataset can name.
const Registry<DatasetFactory>& datasets();

/// Keeps at most `limit` images (0: all), the classes in their proportions, the first of each
/// class.
void limit_images(Manifest::Part* part, int64_t limit, int64_t classes);

}  // namespace medpfl
