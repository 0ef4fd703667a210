#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive_kind.hpp"

namespace medpfl {

/// How messages about the bytes of an archive begin and end.
struct ArchiveOrigin {
  std::string what;    ///< names the bytes: "runs/x/checkpoint.h5"
  std::string advice;  ///< what to do where they cannot be read
};

/// Finds entries in the bytes of an Archive, by name in the group that is open, in order in a list.
/// Each entry can be read once. Errors are FormatError with the path of the group.
class ArchiveReader {
 public:
  /// Opens the outermost group. `bytes` must outlive the reader.
  ArchiveReader(std::string_view bytes, ArchiveOrigin origin);

  /// Opens the group or list `name` of the open one.
  void open(const char* name, ArchiveKind kind);
  /// Closes the group or list that was opened last. Throws where an entry of it was not read,
  /// unless an older version wrote it.
  void close();
  /// Returns the number of entries in what is open.
  size_t size() const { return frames_.back().entries.size(); }
  /// Notes the version of the open object. Throws unless it is 1 to `newest`.
  void check_version(int64_t version, int64_t newest);

  /// Returns the kind of an entry without reading it.
  ArchiveKind kind(const char* name) { return peek(name).kind; }
  /// Returns the extent of each axis of an entry of numbers without reading it; {} is one value.
  std::vector<int64_t> shape(const char* name, ArchiveKind kind, size_t size);
  /// Copies numbers of this shape, each of `size` bytes, to `values`.
  void numbers(const char* name, ArchiveKind kind, size_t size, const std::vector<int64_t>& shape,
               void* values);
  /// Returns the bytes of a text.
  std::string_view text(const char* name) { return use(name, ArchiveKind::kText).content; }
  /// Reads an entry that says that the value is absent.
  void nothing(const char* name) { use(name, ArchiveKind::kNothing); }

  /// Throws FormatError that names the bytes, the open group and `problem`, with the advice.
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  struct Entry {
    ArchiveKind kind{};
    std::string_view name, content;
    bool used = false;
  };
  struct Frame {
    std::string name;
    bool list = false;
    std::vector<Entry> entries;
    size_t next = 0;
    int64_t version = 1;
    bool older = false;  // than the version that this program writes
  };

  void parse(std::string_view content);
  Entry& peek(const char* name);
  Entry& use(const char* name, ArchiveKind kind);

  ArchiveOrigin origin_;
  std::vector<Frame> frames_;
};

}  // namespace medpfl
