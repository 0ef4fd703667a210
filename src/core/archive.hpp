#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive_kind.hpp"
#include "core/archive_reader.hpp"
#include "core/archive_table.hpp"

namespace at {
class Tensor;
}

namespace medpfl {

/// Keeps the state of objects as named, typed entries in named groups. An object has one function
/// for both directions,
///   void WeightLog::keep(Archive& a) { a.version(1); a("rows", &rows_); }
/// which changes nothing while the archive writes, and sets the object while it reads. Entries are
/// found by name. One that is missing, of another type or length, or left over, a version that is
/// not known, and bytes that are cut off are each a FormatError, which names the object, the entry,
/// what is there, what is needed and what to do.
///
/// The bytes are entries, one after another: kind (uint8, ArchiveKind), length of the name (uint8),
/// name, length of the content (int64), content. The content of a group or a list is entries, that
/// of text its bytes, that of numbers the count of axes (uint8), the extent of each (int64), and
/// the values, row-major. Numbers are little-endian. Entries of a list have empty names.
class Archive {
 public:
  using Keep = std::function<void(Archive&)>;

  /// Returns what `keep` writes.
  static std::string write(const Keep& keep);
  /// Lets `keep` read all of `bytes`.
  static void read(std::string_view bytes, const ArchiveOrigin& origin, const Keep& keep);

  bool reading() const { return reader_.has_value(); }
  /// Throws FormatError because what was read of the open object cannot be: `problem` is the end of
  /// a sentence about it, as "has tasks of another run". To be called while reading.
  [[noreturn]] void refuse(const std::string& problem) const { reader_->fail(problem); }

  /// States the version of the object whose group is open, before its entries, and returns the
  /// version of the bytes: `newest` while writing, 1 to `newest` while reading. Raise `newest` when
  /// entries are added, dropped, or change their meaning. Entries that version 2 added are named
  /// under `if (version >= 2)`; entries that only older versions had are skipped.
  int64_t version(int64_t newest);

  /// Keeps a number, an enumeration or a bool; or an object with a function keep(Archive&), as a
  /// group.
  template <class T>
  void operator()(const char* name, T* value);
  void operator()(const char* name, std::string* text);
  /// Keeps a tensor: float32 or uint8 of any shape, or undefined.
  void operator()(const char* name, at::Tensor* tensor);
  /// Keeps a vector: numbers as one array, other elements one by one.
  template <class T>
  void operator()(const char* name, std::vector<T>* values);
  /// Keeps a list of groups, whose entries `keep_one(archive, value)` names.
  template <class T, class KeepOne>
  void each(const char* name, std::vector<T>* values, const KeepOne& keep_one);

  /// Keeps an array of known length in memory of the caller.
  template <class T>
  void fixed(const char* name, T* values, int64_t n) {
    numbers(name, archive_kind<T>(), sizeof(T), {n}, values);
  }
  /// Keeps rows as a group with one array for each field that
  /// `template <class Fields> void T::keep(Fields& f)` names: numbers, and structs of numbers.
  template <class T>
  void table(const char* name, std::vector<T>* rows);
  /// Keeps a group with the entries that `keep` names.
  void group(const char* name, const Keep& keep);

 private:
  Archive() = default;
  // Keeps a list; while reading, `keep` is told how many entries there are.
  void list(const char* name, const std::function<void(size_t)>& keep);
  void numbers(const char* name, ArchiveKind kind, size_t size, const std::vector<int64_t>& shape,
               void* values);
  // Returns the length of an array of numbers with one axis, while reading.
  int64_t length(const char* name, ArchiveKind kind, size_t size);
  size_t begin(const char* name, ArchiveKind kind);
  void end(size_t at);
  template <class T>
  void put(const T& value);

  std::string out_;
  std::optional<ArchiveReader> reader_;
};

template <class T>
void Archive::operator()(const char* name, T* value) {
  if constexpr (kIsNumber<T>)
    numbers(name, archive_kind<T>(), sizeof(T), {}, value);
  else
    group(name, [value](Archive& a) { value->keep(a); });
}

template <class T>
void Archive::operator()(const char* name, std::vector<T>* values) {
  if constexpr (kIsNumber<T>) {
    if (reading())
      *values = std::vector<T>(static_cast<size_t>(length(name, archive_kind<T>(), sizeof(T))));
    fixed(name, values->data(), static_cast<int64_t>(values->size()));
  } else {
    list(name, [&](size_t count) {
      if (reading()) *values = std::vector<T>(count);
      for (T& value : *values) (*this)("", &value);
    });
  }
}

template <class T, class KeepOne>
void Archive::each(const char* name, std::vector<T>* values, const KeepOne& keep_one) {
  list(name, [&](size_t count) {
    if (reading()) *values = std::vector<T>(count);
    for (T& value : *values) group("", [&](Archive& a) { keep_one(a, &value); });
  });
}

template <class T>
void Archive::table(const char* name, std::vector<T>* rows) {
  group(name, [&](Archive& a) {
    ArchiveTable table;
    table.name_columns(T{});
    if (!reading()) table.take(rows);
    auto count = static_cast<int64_t>(rows->size());
    for (ArchiveTable::Column& column : table.columns()) {
      const char* field = column.name.c_str();
      if (reading()) {
        if (&column == table.columns().data()) count = a.length(field, column.kind, column.size);
        column.bytes.resize(static_cast<size_t>(count) * column.size);
      }
      a.numbers(field, column.kind, column.size, {count}, column.bytes.data());
    }
    if (!reading()) return;
    *rows = std::vector<T>(static_cast<size_t>(count));
    table.give(rows);
  });
}

}  // namespace medpfl
