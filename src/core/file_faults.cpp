#include "core/file_faults.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

constexpr std::string_view kLfsMark = "version https://git-lfs";

}  // namespace

std::string why_unreadable(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return std::strerror(errno);
  ::close(file);
  return "";
}

bool is_git_lfs_pointer(std::string_view bytes) {
  return bytes.substr(0, kLfsMark.size()) == kLfsMark;
}

void refuse_unreadable_data(const std::string& path) {
  if (const std::string reason = why_unreadable(path); !reason.empty())
    throw DataError(
        fmt::format("cannot read '{}': {}; check the path and its permissions", path, reason));
  std::array<char, kLfsMark.size()> begin = {};
  std::ifstream(path, std::ios::binary).read(begin.data(), begin.size());
  if (is_git_lfs_pointer({begin.data(), begin.size()}))
    throw DataError(
        fmt::format("'{}' is a pointer of Git LFS; git lfs pull fetches the file", path));
}

void refuse_unreadable_result(const std::string& path) {
  if (const std::string reason = why_unreadable(path); !reason.empty())
    throw FormatError(fmt::format("{}: {}", path, lower(reason)));
}

}  // namespace medpfl
