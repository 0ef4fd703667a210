#include "results/folder/file_digests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <system_error>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "results/folder/durable_file.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

// Returns nothing where the file cannot be read to its end.
std::optional<std::string> digest_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  Digest digest;
  std::vector<char> piece(size_t{1} << 20);
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    digest.add(piece.data(), static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return std::nullopt;
  return digest.text();
}

// A name stays within the folder.
bool is_inside(const fs::path& name) {
  return name.is_relative() && std::find(name.begin(), name.end(), "..") == name.end();
}

}  // namespace

std::string digest_lines(const std::string& folder, const std::vector<std::string>& files) {
  std::string lines;
  for (const std::string& name : files) {
    const std::optional<std::string> digest = digest_of(fs::path(folder) / name);
    if (!digest) throw OutputError(fmt::format("cannot read {}/{} again", folder, name));
    lines += fmt::format("{}  {}\n", *digest, name);
  }
  return lines;
}

void write_digests(const std::string& folder, const std::string& lines) {
  const std::string path = (fs::path(folder) / kDigestsFile).string();
  const std::string partial = path + ".partial";
  std::ofstream file(partial, std::ios::binary);
  file << lines;
  file.close();
  if (!file) throw OutputError(fmt::format("cannot write {}", partial));
  publish_file(partial, path);
}

void write_with_digest(const std::string& folder, const std::string& name, bool finished,
                       const std::function<void()>& write) {
  std::error_code error;
  fs::remove(fs::path(folder) / kDigestsFile, error);
  if (error)
    throw OutputError(
        fmt::format("cannot remove {}/{}: {}", folder, kDigestsFile, error.message()));
  write();
  if (finished) write_digests(folder, digest_lines(folder, {name}));
}

DigestCheck compare_digests(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw FormatError(fmt::format("{}: cannot be read", path));
  static const std::regex form("([0-9a-f]{64})  (.+)");
  DigestCheck found;
  for (std::string line; std::getline(file, line);) {
    ++found.files;
    std::smatch match;
    if (!std::regex_match(line, match, form) || !is_inside(match.str(2)))
      throw FormatError(
          fmt::format("{}: line {} is not a digest and a file in this folder", path, found.files));
    const fs::path named = fs::path(path).parent_path() / match.str(2);
    const std::optional<std::string> digest = digest_of(named);
    if (!digest)
      found.faults.push_back(fmt::format("{}: is missing, or cannot be read", named.string()));
    else if (*digest != match.str(1))
      found.faults.push_back(
          fmt::format("{}: is not the file that was written, by its digest", named.string()));
  }
  return found;
}

}  // namespace medpfl
