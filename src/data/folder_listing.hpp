#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace medpfl {

/// Lists folders of images, and counts by reason what it leaves out of them. Names that begin with
/// a dot are never seen, and are not counted.
class FolderListing {
 public:
  /// Returns the sorted names of the folders in `folder`. Links that lead nowhere and images beside
  /// those folders are counted as left out. Throws DataError where `folder` cannot be listed.
  std::vector<std::string> folders(const std::filesystem::path& folder);
  /// Returns the sorted paths below `folder`, relative to it, of all .png, .jpg and .jpeg files.
  /// Throws DataError where it, or a folder below it, cannot be listed.
  std::vector<std::string> images(const std::filesystem::path& folder);
  /// Returns what was left out, as "links that lead nowhere (5), files *.tif (2)"; "" where nothing
  /// was.
  std::string left_out() const;

 private:
  void add_images(const std::filesystem::path& folder, const std::string& prefix,
                  std::vector<std::filesystem::path>* above, std::vector<std::string>* names);

  std::map<std::string, int64_t> left_out_;  // by reason
};

}  // namespace medpfl
