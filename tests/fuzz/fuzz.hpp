#pragma once
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/error.hpp"

/// What libFuzzer, or replay.cpp, calls with bytes that it makes up.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n);

namespace medpfl {

/// Calls `read` with the bytes. A reader may refuse them by the project's own error; any other
/// exception, a crash, and memory without bounds end the program and are faults.
template <class Read>
int fuzz(const uint8_t* data, size_t n, const Read& read) {
  try {
    read(std::string_view(reinterpret_cast<const char*>(data), n));
  } catch (const Error&) {
  }
  return 0;
}

/// A folder in memory, for readers of paths. It goes when the program ends in order.
class RamFolder {
 public:
  RamFolder() {
    std::error_code error;
    const std::filesystem::path ram = "/dev/shm";
    std::string name =
        ((std::filesystem::is_directory(ram, error) ? ram
                                                    : std::filesystem::temp_directory_path()) /
         "medpfl-fuzz-XXXXXX")
            .string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~RamFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  RamFolder(const RamFolder&) = delete;
  RamFolder& operator=(const RamFolder&) = delete;

  const std::string& path() const { return path_; }
  /// Writes a file anew and returns its path.
  std::string write(const std::string& name, std::string_view bytes) const {
    std::string file = path_ + "/" + name;
    std::filesystem::remove(file);
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }

 private:
  std::string path_;
};

}  // namespace medpfl
