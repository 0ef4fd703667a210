#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "h5/file.hpp"
#include "h5/handle.hpp"

namespace medpfl::h5 {

/// An HDF5 file written by all ranks together through MPI-IO. Every call is collective but
/// write_rows.
class ParallelFile {
 public:
  /// Creates `path` on all ranks.
  ParallelFile(const Communicator& comm, const std::string& path);

  /// A contiguous dataset of known shape; fill values are not written. T: float, c10::Half,
  /// c10::BFloat16, int64_t, uint8_t.
  template <class T>
  void create(const std::string& path, const Shape& shape, const Description& description);
  /// A dataset without rows yet, of rows of `row_values` values: grow() adds some.
  template <class T>
  void create_growing(const std::string& path, int64_t row_values, const Description& description);
  /// Makes room for `rows` rows in all.
  void grow(const std::string& path, int64_t rows);

  /// Writes this rank's rows: row rows[i] from data[i]. Not collective: no rank waits for another,
  /// and no two ranks may write the same row. Neighbouring rows that are neighbours in memory too
  /// travel together.
  template <class T>
  void write_rows(const std::string& path, const std::vector<int64_t>& rows,
                  const std::vector<const T*>& data);
  void close();

  /// Rows that a growing dataset with rows of `row_bytes` takes room for at a time.
  static int64_t rows_at_a_time(int64_t row_bytes);

 private:
  template <class T>
  void make_dataset(const std::string& path, const Handle& space, const Handle& layout,
                    const Description& description);

  std::string path_;
  Handle id_;
};

}  // namespace medpfl::h5
