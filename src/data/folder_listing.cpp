#include "data/folder_listing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDangling = "links that lead nowhere";

struct Entry {
  std::string name;
  fs::file_type type;  // of what a link leads to
  bool is_folder() const { return type == fs::file_type::directory; }
  bool is_file() const { return type == fs::file_type::regular; }
  bool is_missing() const {
    return type == fs::file_type::not_found ||
           type == fs::file_type::none;  // none: links in a ring
  }
};

[[noreturn]] void fail(const fs::path& folder, const std::error_code& error) {
  throw DataError(
      fmt::format("cannot use image folder '{}': {}; check the path and its permissions",
                  folder.string(), error.message()));
}

std::vector<Entry> entries_of(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    std::error_code unknown;
    if (name.front() != '.') entries.push_back({std::move(name), at->status(unknown).type()});
  }
  if (error) fail(folder, error);
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

std::string suffix_of(const std::string& name) {
  return lower(fs::path(name).extension().string());
}

bool is_image(const std::string& name) {
  const std::string suffix = suffix_of(name);
  return suffix == ".png" || suffix == ".jpg" || suffix == ".jpeg";
}

// Whether one folder is another, or holds it. Both are canonical.
bool is_above(const fs::path& folder, const fs::path& below) {
  return std::mismatch(folder.begin(), folder.end(), below.begin(), below.end()).first ==
         folder.end();
}

}  // namespace

std::vector<std::string> FolderListing::folders(const fs::path& folder) {
  std::vector<std::string> names;
  for (const Entry& entry : entries_of(folder)) {
    if (entry.is_folder())
      names.push_back(entry.name);
    else if (entry.is_missing())
      ++left_out_[kDangling];
    else if (is_image(entry.name))
      ++left_out_["images beside the class folders"];
  }
  return names;
}

std::vector<std::string> FolderListing::images(const fs::path& folder) {
  std::vector<fs::path> above;
  std::vector<std::string> names;
  add_images(folder, "", &above, &names);
  std::sort(names.begin(), names.end());
  return names;
}

void FolderListing::add_images(const fs::path& folder, const std::string& prefix,
                               std::vector<fs::path>* above, std::vector<std::string>* names) {
  std::error_code error;
  const fs::path place = fs::canonical(folder, error);
  if (error) fail(folder, error);
  if (std::any_of(above->begin(), above->end(),
                  [&](const fs::path& one) { return is_above(place, one); })) {
    ++left_out_["links to a folder above"];
    return;
  }
  above->push_back(place);
  for (const Entry& entry : entries_of(folder)) {
    if (entry.is_folder())
      add_images(folder / entry.name, prefix + entry.name + "/", above, names);
    else if (entry.is_missing())
      ++left_out_[kDangling];
    else if (entry.is_file() && is_image(entry.name))
      names->push_back(prefix + entry.name);
    else if (const std::string suffix = suffix_of(entry.name); suffix.empty())
      ++left_out_["files without a suffix"];
    else
      ++left_out_["files *" + suffix];
  }
  above->pop_back();
}

std::string FolderListing::left_out() const {
  std::vector<std::string> parts;
  for (const auto& [reason, count] : left_out_)
    parts.push_back(fmt::format("{} ({})", reason, count));
  return join(parts);
}

}  // namespace medpfl
