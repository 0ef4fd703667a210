#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "h5/file.hpp"
#include "h5/handle.hpp"

namespace medpfl::h5 {

/// An HDF5 file written by all ranks together through MPI-IO. Every call is collective.
class ParallelFile {
 public:
  /// Creates `path` on all ranks.
  ParallelFile(const Communicator& comm, const std::string& path);

  /// A contiguous dataset of known shape; fill values are not written.
  template <class T>
  void create(const std::string& path, const Shape& shape, const Description& description);
  /// Writes this rank's rows: `data` holds them one after another, row i goes to rows[i]; the rows are
  /// ascending and no two ranks write the same one. A rank may have none.
  template <class T>
  void write_rows(const std::string& path, const std::vector<int64_t>& rows, const T* data);
  void close();

 private:
  std::string path_;
  Handle id_;
};

}  // namespace medpfl::h5
