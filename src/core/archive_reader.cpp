#include "core/archive_reader.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "core/error.hpp"

namespace medpfl {
namespace {

const char* name_of(ArchiveKind kind) {
  switch (kind) {
    case ArchiveKind::kGroup:
      return "a group";
    case ArchiveKind::kList:
      return "a list";
    case ArchiveKind::kText:
      return "text";
    case ArchiveKind::kNothing:
      return "nothing";
    case ArchiveKind::kInt64:
      return "int64";
    case ArchiveKind::kUint64:
      return "uint64";
    case ArchiveKind::kFloat64:
      return "float64";
    case ArchiveKind::kFloat32:
      return "float32";
    case ArchiveKind::kUint8:
      return "uint8";
    case ArchiveKind::kBool:
      return "bool";
  }
  return "of an unknown type";
}

std::string describe(const std::vector<int64_t>& shape) {
  return shape.empty() ? "one value" : fmt::format("shape [{}]", fmt::join(shape, ", "));
}

// Takes a value off the front of `bytes`. Returns false where they are too few.
template <class T>
bool take(std::string_view* bytes, T* value) {
  if (bytes->size() < sizeof(T)) return false;
  std::memcpy(value, bytes->data(), sizeof(T));
  bytes->remove_prefix(sizeof(T));
  return true;
}

bool take(std::string_view* bytes, size_t length, std::string_view* part) {
  if (bytes->size() < length) return false;
  *part = bytes->substr(0, length);
  bytes->remove_prefix(length);
  return true;
}

}  // namespace

ArchiveReader::ArchiveReader(std::string_view bytes, ArchiveOrigin origin)
    : origin_(std::move(origin)), frames_(1) {
  parse(bytes);
}

void ArchiveReader::parse(std::string_view content) {
  while (!content.empty()) {
    Entry entry;
    uint8_t name = 0;
    uint64_t size = 0;
    if (!take(&content, &entry.kind) || !take(&content, &name) ||
        !take(&content, name, &entry.name) || !take(&content, &size) ||
        !take(&content, size, &entry.content))
      fail("ends too early");
    frames_.back().entries.push_back(entry);
  }
}

void ArchiveReader::open(const char* name, ArchiveKind kind) {
  const Frame& outer = frames_.back();
  Frame frame;
  frame.name = outer.list ? fmt::format("{}", outer.next) : name;
  frame.list = kind == ArchiveKind::kList;
  frame.version = outer.version;
  frame.older = outer.older;
  const std::string_view content = use(name, kind).content;
  frames_.push_back(std::move(frame));
  parse(content);
}

void ArchiveReader::close() {
  const Frame& frame = frames_.back();
  for (const Entry& entry : frame.entries)
    if (!entry.used && !frame.older)
      fail(fmt::format("has an entry '{}' ({}), which this program does not know in version {}",
                       entry.name, name_of(entry.kind), frame.version));
  frames_.pop_back();
}

void ArchiveReader::check_version(int64_t version, int64_t newest) {
  if (version < 1 || version > newest)
    fail(fmt::format("has version {}, and this program knows versions 1 to {}", version, newest));
  frames_.back().version = version;
  frames_.back().older = version < newest;
}

// The entries of a list come in order; those of a group nearly always do.
ArchiveReader::Entry& ArchiveReader::peek(const char* name) {
  Frame& frame = frames_.back();
  for (size_t i = 0; i < frame.entries.size(); ++i) {
    Entry& entry = frame.entries[(frame.next + i) % frame.entries.size()];
    if (!entry.used && entry.name == name) return entry;
  }
  fail(fmt::format("has no entry '{}', which version {} needs", name, frame.version));
}

ArchiveReader::Entry& ArchiveReader::use(const char* name, ArchiveKind kind) {
  Entry& entry = peek(name);
  if (entry.kind != kind)
    fail(fmt::format("has an entry '{}' that is {}, and {} is needed", name, name_of(entry.kind),
                     name_of(kind)));
  Frame& frame = frames_.back();
  frame.next = static_cast<size_t>(&entry - frame.entries.data()) + 1;
  entry.used = true;
  return entry;
}

std::vector<int64_t> ArchiveReader::shape(const char* name, ArchiveKind kind, size_t size) {
  Entry& entry = use(name, kind);
  entry.used = false;
  --frames_.back().next;
  std::string_view rest = entry.content;
  uint8_t axes = 0;
  uint64_t count = 1;
  bool whole = take(&rest, &axes);
  std::vector<int64_t> shape(axes);
  for (int64_t& extent : shape) {
    whole = whole && take(&rest, &extent) && extent >= 0;
    count *= static_cast<uint64_t>(extent);
  }
  if (!whole || rest.size() != count * size)
    fail(fmt::format("has an entry '{}' that is not as long as its shape says", name));
  return shape;
}

void ArchiveReader::numbers(const char* name, ArchiveKind kind, size_t size,
                            const std::vector<int64_t>& shape, void* values) {
  const std::vector<int64_t> there = this->shape(name, kind, size);
  if (there != shape)
    fail(fmt::format("has an entry '{}' of {}, and {} is needed", name, describe(there),
                     describe(shape)));
  const std::string_view content = use(name, kind).content;
  const size_t header = sizeof(uint8_t) + shape.size() * sizeof(int64_t);
  if (content.size() > header)
    std::memcpy(values, content.data() + header, content.size() - header);
}

void ArchiveReader::fail(const std::string& problem) const {
  std::string path;
  for (const Frame& frame : frames_)
    if (!frame.name.empty()) path += (path.empty() ? "" : "/") + frame.name;
  if (path.empty()) path = "the state";
  throw FormatError(fmt::format("{}: {} {}; {}", origin_.what, path, problem, origin_.advice));
}

}  // namespace medpfl
