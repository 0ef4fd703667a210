#pragma once
#include <functional>
#include <string>
#include <vector>

namespace medpfl {

/// What was found when a file was read as a whole.
struct FileCheck {
  std::string file;
  std::string contents;             ///< what it holds, counted
  std::vector<std::string> faults;  ///< what is damaged or missing, one line each
};

/// Reads every value of the result files in a folder and the folders in it (runs, audits, sweeps,
/// benchmarks, checkpoints), or of one such file, and compares it with its checksum where it has
/// one: those of chunks, of recorded messages and their images, and of checkpoints. Compares files
/// with the digests that a B2SUMS beside them has. Calls `report` for each file. Throws FormatError
/// where there is no such file.
void verify_results(const std::string& path, const std::function<void(const FileCheck&)>& report);

}  // namespace medpfl
