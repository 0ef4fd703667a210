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
#include "core/words.hpp"
#include "data/pixels.hpp"

namespace medpfl {

/// A part of the images of a data set; kPublic: those of DataRequest::public_path.
enum class Split { kTrain, kTest, kPublic };

/// Everything about a data set but its pixels: names, labels and files. Every rank holds it.
struct Manifest {
  /// The images of one split: one entry for each, in the order of the source.
  struct Part {
    std::vector<int64_t> labels;     ///< class, 0 ... classes-1
    std::vector<int64_t> ids;        ///< position in the source, also where images are left out
    std::vector<std::string> files;  ///< path of each image; empty where the source is one file
    int64_t size() const { return static_cast<int64_t>(labels.size()); }
  };
  std::vector<std::string> class_names;
  Part train, test;
  Part open;  ///< images of DataRequest::public_path; empty where there is none
  PixelFormat pixels;
  std::vector<std::string> remarks;  ///< what the scan saw that a user should know
  const Part& part(Split split) const {
    return split == Split::kTrain ? train : split == Split::kTest ? test : open;
  }
  int64_t classes() const { return static_cast<int64_t>(class_names.size()); }
};

/// Which split of a data set has the test images.
enum class TestSplit { kTest, kVal };
const Words<TestSplit>& words_of(TestSplit);

/// What is asked of every data set: where it is, and the size and form of its images.
struct DataRequest {
  std::string path;                   ///< file or folder of the data set; unused by generated ones
  int64_t image_size = 32;            ///< images are resized to image_size x image_size pixels
  int64_t channels = 1;               ///< 1: gray, 3: RGB
  uint64_t seed = 1;                  ///< seed of generated images
  std::optional<Window> window = {};  ///< levels that become 0 and 1; none: the source's own
  std::string public_path = {};       ///< file or folder of the public images; "": they have none
  TestSplit test_split = TestSplit::kTest;
  bool wants_test = true;  ///< whether test images are read, so that there must be some
};

/// What reading images showed of them: numbers of images.
struct ReadNotes {
  int64_t narrow = 0;   ///< that use less than a quarter of the range from black to white
  int64_t colored = 0;  ///< whose colors became gray
  int64_t stray = 0;    ///< in files with stray bytes, which changed no pixel
};

/// Why an image cannot be used.
struct ImageFault {
  int64_t position = 0;  ///< in its split
  std::string reason;    ///< without the name of the image, the same of all images it holds for
  std::string message;   ///< the error that reading it gives
};

/// How closely an image is looked at: whether its header and its end are sound, or all of it.
enum class Look { kHeader, kPixels };

/// A source of labeled images. Rank 0 scans it; every rank reads only the images it needs.
class Dataset {
 public:
  virtual ~Dataset() = default;
  /// Returns names, labels and files of all splits, and the format of the pixels, which public
  /// images do not decide. Throws DataError where the source cannot be used, and where a public
  /// image is of an unknown class.
  virtual Manifest scan() const = 0;
  /// Returns the images at `positions` of a split, [n, C, S, S] in the manifest's format. Memory is
  /// that of the images asked for, not of the data set. Adds to `notes`, if any, what it saw of
  /// them. Throws DataError that names the file.
  virtual at::Tensor read(const Manifest& manifest, Split split,
                          const std::vector<int64_t>& positions,
                          ReadNotes* notes = nullptr) const = 0;
  /// Returns the faults of the images at `positions` of a split that would make read() throw; none
  /// of a source whose images cannot be looked at one by one.
  virtual std::vector<ImageFault> find_faults(const Manifest& /*manifest*/, Split /*split*/,
                                              const std::vector<int64_t>& /*positions*/,
                                              Look /*look*/) const {
    return {};
  }
};

/// An entry of the table of data sets: what is known of one before it is made, and how it is made.
struct DatasetFactory {
  bool needs_path;  ///< whether it reads files, which data.path names; else images are generated
  std::function<std::unique_ptr<Dataset>(const OptionValues& own, const DataRequest& request)> make;
  bool reads_public = false;    ///< whether it reads images of DataRequest::public_path
  bool has_validation = false;  ///< whether it may have a validation split
};

/// Returns the table of all data sets.
const Registry<DatasetFactory>& datasets();

/// Keeps at most `limit` images of a split (0: all): the first of each class, with the classes in
/// their proportions.
void limit_images(Manifest::Part* part, int64_t limit, int64_t classes);

}  // namespace medpfl
