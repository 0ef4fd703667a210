#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace medpfl {

/// The file in the folder of a finished result that names its files with their digests, BLAKE2b of
/// 32 bytes (RFC 7693), as `b2sum --check B2SUMS` reads it.
inline constexpr const char* kDigestsFile = "B2SUMS";

/// Returns the lines of that file for `files`, paths relative to `folder`. Throws OutputError where
/// one cannot be read.
std::string digest_lines(const std::string& folder, const std::vector<std::string>& files);

/// Writes `folder`/B2SUMS whole. Throws OutputError.
void write_digests(const std::string& folder, const std::string& lines);

/// Has `write` write `folder`/`name`, a result of one file, and then B2SUMS where it is `finished`;
/// a B2SUMS of before is removed first. Throws OutputError.
void write_with_digest(const std::string& folder, const std::string& name, bool finished,
                       const std::function<void()>& write);

/// How the files that a B2SUMS names compare with it.
struct DigestCheck {
  int64_t files = 0;                ///< that it names
  std::vector<std::string> faults;  ///< of files that are missing or other ones, a line each
};

/// Compares the files that `path`, a B2SUMS, names with it. Throws FormatError where it cannot be
/// read.
DigestCheck compare_digests(const std::string& path);

}  // namespace medpfl
