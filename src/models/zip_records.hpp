#pragma once
#include <memory>
#include <string>
#include <string_view>

struct zip;

namespace medpfl {

/// The records of a zip archive in memory, below the folder that torch.save puts them in. What is
/// read of them all is at most as large as the archive.
class ZipRecords {
 public:
  /// The bytes must outlive the object. Throws DataError where they are no zip archive, or it has
  /// no record data.pkl.
  explicit ZipRecords(std::string_view bytes);

  bool has(const std::string& name) const;
  /// Returns a record. Throws DataError where there is none, or it is compressed, which torch.save
  /// never does, or damaged.
  std::string read(const std::string& name);

 private:
  struct Close {
    void operator()(zip* archive) const;
  };
  size_t left_;
  std::string folder_;
  std::unique_ptr<zip, Close> archive_;
};

}  // namespace medpfl
