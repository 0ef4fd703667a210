#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "h5/file.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {

/// A column of a table that is written and read again: how it is named and described, and its field
/// of a row.
template <class Row, class T>
struct RowColumn {
  const char* name;
  std::function<T&(Row&)> field;
  const char* text;
  const char* unit = "1";
};

/// The columns of a table, by their types. A flag is a number in the file: 1 for true.
template <class Row>
struct RowColumns {
  std::vector<RowColumn<Row, std::string>> texts;
  std::vector<RowColumn<Row, double>> reals;
  std::vector<RowColumn<Row, int64_t>> counts;
  std::vector<RowColumn<Row, bool>> flags;

  void write(TableWriter* table, std::vector<Row> rows) const {
    write_each<std::string>(table, &rows, texts);
    write_each<double>(table, &rows, reals);
    write_each<int64_t>(table, &rows, counts);
    write_each<int64_t>(table, &rows, flags);
  }

  /// Returns the rows of a group. What an earlier version did not write stays as in a fresh row.
  std::vector<Row> read(const h5::File& file, const std::string& group) const {
    std::vector<Row> rows;
    read_each<std::string>(file, group, texts, &rows);
    read_each<double>(file, group, reals, &rows);
    read_each<int64_t>(file, group, counts, &rows);
    read_each<int64_t>(file, group, flags, &rows);
    return rows;
  }

 private:
  // `Stored` is the type in the file.
  template <class Stored, class Columns>
  static void write_each(TableWriter* table, std::vector<Row>* rows, const Columns& columns) {
    for (const auto& column : columns) {
      std::vector<Stored> values;
      for (Row& row : *rows) values.push_back(column.field(row));
      table->column(column.name, values, column.text, column.unit);
    }
  }
  template <class Stored, class Columns>
  static void read_each(const h5::File& file, const std::string& group, const Columns& columns,
                        std::vector<Row>* rows) {
    for (const auto& column : columns) {
      if (!file.exists(group + "/" + column.name)) continue;
      const auto values = file.read<Stored>(group + "/" + column.name);
      rows->resize(values.size());
      for (size_t i = 0; i < values.size(); ++i) {
        auto& field = column.field(rows->at(i));
        field = static_cast<std::decay_t<decltype(field)>>(values[i]);
      }
    }
  }
};

}  // namespace medpfl
