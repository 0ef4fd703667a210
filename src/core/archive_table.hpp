#pragma once
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/archive_kind.hpp"

namespace medpfl {

/// Turns rows of structs into columns, and back; for Archive::table. It stands for the archive in
/// the structs' function keep(), whose fields are the same ones in the same order in every row.
class ArchiveTable {
 public:
  /// The values of one field, one after another. A field of a struct inside is named OUTER.INNER.
  struct Column {
    std::string name;
    ArchiveKind kind{};
    size_t size = 0;  ///< bytes of a value
    std::string bytes;
  };

  /// Finds the columns of T; its values do not matter.
  template <class T>
  void name_columns(T fields) {
    fields.keep(*this);
    named_ = true;
  }
  /// Copies the fields of rows [n] into the columns.
  template <class T>
  void take(std::vector<T>* rows) {
    for (Column& column : columns_) column.bytes.resize(rows->size() * column.size);
    visit(rows, false);
  }
  /// Sets the fields of rows [n] from the columns, n values each.
  template <class T>
  void give(std::vector<T>* rows) {
    visit(rows, true);
  }
  std::vector<Column>& columns() { return columns_; }

  /// Names a field: a number, or a struct of fields.
  template <class T>
  void operator()(const char* name, T* value) {
    if constexpr (kIsNumber<T>) {
      if (!named_) {
        columns_.push_back({prefix_ + name, archive_kind<T>(), sizeof(T), ""});
        return;
      }
      char* cell = columns_[field_++].bytes.data() + row_ * sizeof(T);
      if (giving_)
        std::memcpy(value, cell, sizeof(T));
      else
        std::memcpy(cell, value, sizeof(T));
    } else {
      const size_t before = prefix_.size();
      prefix_ += std::string(name) + ".";
      value->keep(*this);
      prefix_.resize(before);
    }
  }

 private:
  template <class T>
  void visit(std::vector<T>* rows, bool giving) {
    giving_ = giving;
    for (row_ = 0; row_ < rows->size(); ++row_) {
      field_ = 0;
      (*rows)[row_].keep(*this);
    }
  }

  std::vector<Column> columns_;
  std::string prefix_;
  size_t row_ = 0, field_ = 0;
  bool named_ = false, giving_ = false;
};

}  // namespace medpfl
