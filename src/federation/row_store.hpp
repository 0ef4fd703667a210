#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace medpfl {

/// Stores rows of float32 of one length, each under a number, read and written in any order. The
/// first rows stay in memory, up to a budget; further ones go to an unnamed file in a folder, which
/// the system removes when the process ends.
class RowStore {
 public:
  /// Makes an empty store for rows of `row` values. `folder` need not exist before `memory_bytes`
  /// are used up.
  RowStore(int64_t row, int64_t memory_bytes, std::string folder);
  ~RowStore();
  RowStore(const RowStore&) = delete;
  RowStore& operator=(const RowStore&) = delete;

  int64_t row_size() const { return row_; }
  /// Copies row `key` to `out`; a row that was never written is all zero. Throws OutputError where
  /// the file cannot be read.
  void read(int64_t key, float* out) const;
  /// Writes row `key` from `in`. Throws OutputError where the file cannot be written.
  void write(int64_t key, const float* in);
  /// Returns the numbers of the rows written so far, ascending.
  std::vector<int64_t> keys() const;
  int64_t bytes_in_memory() const;
  int64_t bytes_in_file() const;

 private:
  void open_file();
  [[noreturn]] void fail(const char* what) const;
  int64_t row_bytes() const { return row_ * static_cast<int64_t>(sizeof(float)); }
  int64_t offset(int64_t slot) const { return (slot - most_in_memory_) * row_bytes(); }

  int64_t row_, most_in_memory_;
  std::string folder_;
  std::map<int64_t, int64_t> slots_;           // key -> slot, in the order of the first write
  std::vector<std::vector<float>> in_memory_;  // the first slots
  int file_ = -1;
};

}  // namespace medpfl
