#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "h5/file.hpp"
#include "h5/handle.hpp"

namespace medpfl::h5 {

/// An HDF5 file that all ranks write together through MPI-IO. All calls but write_rows are
/// collective.
class ParallelFile {
 public:
  /// Creates `path` on all ranks.
  ParallelFile(const Communicator& comm, const std::string& path);

  /// Creates a contiguous dataset of known shape, without writing fill values. T: float, c10::Half,
  /// c10::BFloat16, int64_t, uint8_t.
  template <class T>
  void create(const std::string& path, const Shape& shape, const Description& description);
  /// Creates a dataset that has no rows yet; grow() adds rows, of `row_values` values each.
  template <class T>
  void create_growing(const std::string& path, int64_t row_values, const Description& description);
  /// Makes room in a growing dataset for `rows` rows in all.
  void grow(const std::string& path, int64_t rows);

  /// Writes this rank's rows: row rows[i] from data[i]. Not collective: no rank waits for another,
  /// and no two ranks may write the same row. Neighboring rows that are neighbors in memory too
  /// are written together.
  template <class T>
  void write_rows(const std::string& path, const std::vector<int64_t>& rows,
                  const std::vector<const T*>& data);
  void close();

  /// Returns for how many rows of `row_bytes` each a growing dataset makes room at a time.
  static int64_t rows_at_a_time(int64_t row_bytes);

 private:
  template <class T>
  void make_dataset(const std::string& path, const Handle& space, const Handle& layout,
                    const Description& description);

  std::string path_;
  Handle id_;
};

}  // namespace medpfl::h5
