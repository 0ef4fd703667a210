#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "h5/file.hpp"

namespace medpfl {

/// Writes columns of one table: datasets of equal length in one group.
class TableWriter {
 public:
  TableWriter(h5::File* file, std::string group, std::string axis)
      : file_(file), group_(std::move(group)), axis_(std::move(axis)) {}

  template <class T>
  void column(const std::string& name, const std::vector<T>& values, const std::string& text,
              const std::string& unit = "1") {
    file_->write(group_ + "/" + name, values, {static_cast<int64_t>(values.size())},
                 {text, unit, {axis_}});
  }
  /// Writes a column of T that is computed from each row.
  template <class T, class Row>
  void column(const std::string& name, const std::vector<Row>& rows,
              const std::function<T(const Row&)>& of, const std::string& text,
              const std::string& unit = "1") {
    std::vector<T> values;
    values.reserve(rows.size());
    for (const Row& row : rows) values.push_back(of(row));
    column(name, values, text, unit);
  }

 private:
  h5::File* file_;
  std::string group_, axis_;
};

/// Returns a shape in words, as "12x3x5x5".
std::string shape_text(const std::vector<int64_t>& shape);

/// Who wrote a file, and what is in it.
struct FileHead {
  std::string type;             ///< attribute `filetype`
  std::vector<int64_t> schema;  ///< major and minor version
  long long created = 0;        ///< seconds since the epoch
  std::string status;
};
/// Writes the attributes of `/` that runs, sweeps and audits have in common.
void write_head(h5::File* file, const FileHead& head);

struct ConfigRecord;
/// Writes the group /config of a run or a sweep.
void write_config_group(h5::File* file, const ConfigRecord& config);

struct RunRecord;
// The groups of run.h5, each written in the file of its name.
void write_attack_group(h5::File* file, const RunRecord& record);
void write_defense_group(h5::File* file, const RunRecord& record);
void write_gradient_group(h5::File* file, const RunRecord& record);

}  // namespace medpfl
