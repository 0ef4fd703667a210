#include "h5/handle.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace medpfl::h5 {
namespace {

// The innermost description of HDF5's error stack, which says most, and what HDF5 leaves unsaid.
std::string error_text() {
  std::string text = "no details";
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned n, const H5E_error2_t* entry, void* out) -> herr_t {
        if (n == 0 && entry->desc != nullptr) *static_cast<std::string*>(out) = entry->desc;
        return 0;
      },
      &text);
  // errno 11 is of a lock that another process holds: locks are known there.
  const bool locks =
      text.find("lock file") != std::string::npos || text.find("file locking") != std::string::npos;
  if (locks && text.find("errno = 11,") == std::string::npos)
    text +=
        "; the locks of the file system fail: set HDF5_USE_FILE_LOCKING=FALSE in the environment";
  // The checksum, of which HDF5 1.14 says no more than this.
  if (text.find("Fletcher32") != std::string::npos ||
      text.find("filter returned failure") != std::string::npos)
    text += "; these bytes are not those that were written: the file is damaged";
  return text;
}

}  // namespace

Handle::Handle(hid_t id, Close close, const std::string& what, const std::string& where)
    : id_(id), close_(close) {
  if (id < 0) throw FormatError(fmt::format("HDF5 cannot {} {}: {}", what, where, error_text()));
}

void check(herr_t status, const std::string& what, const std::string& where) {
  if (status < 0)
    throw FormatError(fmt::format("HDF5 cannot {} {}: {}", what, where, error_text()));
}

void prepare_hdf5() {
  // At the end of the process HDF5 would close once more a file whose closing failed, on a full
  // disk say, and crash.
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace medpfl::h5
