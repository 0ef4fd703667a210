#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "data/npy.hpp"

struct zip;
struct zip_file;

namespace medpfl {

/// One array of a .npz archive, read from front to back.
class NpzMember {
 public:
  const NpyHeader& header() const { return header_; }
  /// Reads the next `bytes` bytes of the elements. Throws DataError where the archive is damaged or
  /// has fewer.
  void read(void* out, size_t bytes);
  /// Must be called after the last element. Throws DataError on a wrong checksum.
  void finish();

 private:
  friend class NpzArchive;
  struct Close {
    void operator()(zip_file* file) const;
  };
  std::unique_ptr<zip_file, Close> file_;
  NpyHeader header_;
};

/// A NumPy .npz archive: a zip of .npy files, stored or deflated.
class NpzArchive {
 public:
  /// Opens an archive. Throws DataError where the file is missing, truncated or not a zip archive.
  explicit NpzArchive(const std::string& path);
  /// Returns the names of the arrays, without ".npy", in the order of the archive.
  std::vector<std::string> keys() const;
  bool has(const std::string& key) const;
  /// Opens the array `key` and checks that its length is what its header says. The archive must
  /// outlive the member. Throws DataError.
  NpzMember open(const std::string& key) const;

 private:
  struct Close {
    void operator()(zip* archive) const;
  };
  std::string path_;
  std::unique_ptr<zip, Close> archive_;
};

}  // namespace medpfl
