#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/file_faults.hpp"
#include "core/text.hpp"
#include "data/image_array.hpp"
#include "data/image_file.hpp"
#include "data/row_gatherer.hpp"

namespace medpfl {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kLabelMagic = 0x801, kImageMagic = 0x803;
constexpr int64_t kDigits = 10;

// One idx file, plain or gzip, read from front to back.
class IdxFile {
 public:
  explicit IdxFile(std::string path) : path_(std::move(path)), file_(gzopen(path_.c_str(), "rb")) {
    refuse_unreadable_data(path_);
    if (!file_) fail("it cannot be opened");
  }

  [[noreturn]] void fail(const std::string& reason) const {
    throw DataError(fmt::format("cannot read '{}': {}; fetch the file again", path_, reason));
  }

  void read(void* out, size_t bytes) {
    const size_t got = gzfread(out, 1, bytes, file_.get());
    if (got == bytes) return;
    check();
    fail(fmt::format("the file is truncated, {} bytes are missing", bytes - got));
  }

  uint32_t read_number() {
    unsigned char b[4];
    read(b, sizeof b);
    return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | uint32_t{b[3]};
  }

  void expect_magic(uint32_t magic) {
    const uint32_t found = read_number();
    if (found != magic)
      fail(fmt::format("it starts with {:#010x}, an idx file of this name with {:#010x}", found,
                       magic));
  }

  // zlib compares the checksum when it meets the end.
  void finish() {
    unsigned char extra = 0;
    const size_t got = gzfread(&extra, 1, 1, file_.get());
    check();
    if (got != 0) fail("the file goes on after its last element");
  }

 private:
  void check() const {
    int code = Z_OK;
    const std::string message = gzerror(file_.get(), &code);
    if (code != Z_OK && code != Z_STREAM_END) fail(message);
  }

  struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };
  std::string path_;
  std::unique_ptr<gzFile_s, Close> file_;
};

// The path of e.g. train-images-idx3-ubyte in any of its spellings, or "".
std::string find_file(const std::string& folder, const std::string& split,
                      const std::string& kind) {
  std::error_code error;
  for (const char* mark : {"-", "."})
    for (const char* suffix : {"", ".gz"}) {
      const fs::path file = fs::path(folder) / (split + "-" + kind.substr(0, 6) + mark +
                                                kind.substr(7) + "-ubyte" + suffix);
      if (fs::is_regular_file(file, error)) return file.string();
    }
  return {};
}

struct Pair {
  std::string images, labels;
  bool complete() const { return !images.empty() && !labels.empty(); }
  bool absent() const { return images.empty() && labels.empty(); }
};

std::vector<int64_t> read_labels(const std::string& path) {
  IdxFile file(path);
  file.expect_magic(kLabelMagic);
  std::vector<int64_t> labels;
  for (uint32_t left = file.read_number(); left > 0; --left) {
    unsigned char label = 0;
    file.read(&label, 1);
    if (label >= kDigits)
      file.fail(fmt::format("label {} of image {} is not a digit", label, labels.size()));
    labels.push_back(label);
  }
  file.finish();
  return labels;
}

// Leaves `file` at the first pixel; the number of images comes back.
int64_t read_image_header(IdxFile* file, RowShape* shape) {
  file->expect_magic(kImageMagic);
  const int64_t count = file->read_number();
  *shape = {file->read_number(), file->read_number(), 1};
  const auto fits = [](int64_t side) { return side >= 1 && side <= kMaxImageSide; };
  if (!fits(shape->height) || !fits(shape->width) || shape->height * shape->width > kMaxImagePixels)
    file->fail(
        fmt::format("images of {} x {} pixels are not possible", shape->width, shape->height));
  return count;
}

class Mnist final : public Dataset {
 public:
  explicit Mnist(DataRequest request) : request_(std::move(request)) {}

  Manifest scan() const override {
    const Pair train = pair("train"), test = pair("t10k");
    if (!(request_.wants_test ? test : source_of(Split::kTrain)).complete() ||
        !(train.complete() || train.absent()))
      refuse();
    Manifest manifest;
    manifest.class_names = numbered_classes(kDigits);
    if (test.complete()) {
      const std::vector<int64_t> labels = checked_labels(test);
      const auto count = static_cast<int64_t>(labels.size());
      const int64_t cut = train.complete() ? 0 : request_.wants_test ? count * 6 / 7 : count;
      append_rows(labels, 0, cut, 0, &manifest.train);
      if (request_.wants_test) append_rows(labels, cut, count, cut, &manifest.test);
    }
    if (train.complete()) {
      const std::vector<int64_t> more = checked_labels(train);
      append_rows(more, 0, static_cast<int64_t>(more.size()), 0, &manifest.train);
    }
    manifest.pixels = pixel_format(request_.window, SourceImage().white);
    return manifest;
  }

  at::Tensor read(const Manifest& manifest, Split split, const std::vector<int64_t>& positions,
                  ReadNotes* notes) const override {
    const Pair source = source_of(split);
    if (!source.complete()) refuse();
    RowGatherer gatherer(manifest, split, positions, request_, notes);
    IdxFile file(source.images);
    RowShape shape;
    const int64_t count = read_image_header(&file, &shape);
    gatherer.gather(0, count, shape, [&file](void* out, size_t bytes) { file.read(out, bytes); });
    file.finish();
    return gatherer.result();
  }

 private:
  // The files of a split; those of t10k alone are divided.
  Pair source_of(Split split) const {
    const Pair train = pair("train");
    return split == Split::kTrain && !train.absent() ? train : pair("t10k");
  }

  Pair pair(const std::string& split) const {
    return {find_file(request_.path, split, "images-idx3"),
            find_file(request_.path, split, "labels-idx1")};
  }

  [[noreturn]] void refuse() const {
    std::vector<std::string> missing;
    for (const char* split : {"train", "t10k"}) {
      const Pair files = pair(split);
      if (files.images.empty()) missing.push_back(fmt::format("{}-images-idx3-ubyte[.gz]", split));
      if (files.labels.empty()) missing.push_back(fmt::format("{}-labels-idx1-ubyte[.gz]", split));
    }
    throw DataError(fmt::format(
        "no MNIST in folder '{}': missing {}; set path to a folder with the four files, "
        "or with the two of t10k",
        request_.path, join(missing)));
  }

  static std::vector<int64_t> checked_labels(const Pair& files) {
    std::vector<int64_t> labels = read_labels(files.labels);
    IdxFile images(files.images);
    RowShape shape;
    const int64_t count = read_image_header(&images, &shape);
    if (count != static_cast<int64_t>(labels.size()))
      images.fail(
          fmt::format("it has {} images, '{}' has {} labels", count, files.labels, labels.size()));
    return labels;
  }

  DataRequest request_;
};

}  // namespace

RegistryEntry<DatasetFactory> mnist() {
  return {"mnist",
          "MNIST idx files, plain or .gz; t10k files alone are split 6/7 train, 1/7 test",
          "LeCun et al., Gradient-based learning applied to document recognition, 1998",
          {},
          {true, [](const OptionValues&, const DataRequest& request) {
             return std::make_unique<Mnist>(request);
           }}};
}

}  // namespace medpfl
