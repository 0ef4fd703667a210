#include "h5/parallel_file.hpp"

#include <H5FDmpio.h>

#include <algorithm>

#include "h5/types.hpp"

namespace medpfl::h5 {
namespace {

// Small rows share a chunk of this many bytes, so that the index of chunks stays small.
constexpr int64_t kChunkBytes = int64_t{64} << 10;

Handle mpi_access(const Communicator& comm) {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make", "a property list");
  check(H5Pset_fapl_mpio(access, comm.handle(), MPI_INFO_NULL), "set up MPI-IO for", "a file");
  check(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST), "set up", "a file");
  // Data that start on a large boundary are written in whole file-system blocks.
  check(H5Pset_alignment(access, 1 << 20, 1 << 12), "set up", "a file");
  return access;
}

Handle dataset_layout() {
  Handle layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make", "a property list");
  check(H5Pset_fill_time(layout, H5D_FILL_TIME_NEVER), "set up", "a dataset");
  return layout;
}

std::vector<hsize_t> extents_of(hid_t space) {
  std::vector<hsize_t> out(static_cast<size_t>(H5Sget_simple_extent_ndims(space)));
  H5Sget_simple_extent_dims(space, out.data(), nullptr);
  return out;
}

}  // namespace

ParallelFile::ParallelFile(const Communicator& comm, const std::string& path)
    : path_(path),
      id_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, mpi_access(comm)), H5Fclose, "create",
          path) {}

int64_t ParallelFile::rows_at_a_time(int64_t row_bytes) {
  return std::max<int64_t>(1, kChunkBytes / std::max<int64_t>(1, row_bytes));
}

template <class T>
void ParallelFile::make_dataset(const std::string& path, const Handle& space, const Handle& layout,
                                const Description& description) {
  Handle dataset(
      H5Dcreate2(id_, path.c_str(), native_type<T>(), space, H5P_DEFAULT, layout, H5P_DEFAULT),
      H5Dclose, "create", path_ + ":" + path);
  write_description(dataset, description, path_ + ":" + path);
}

template <class T>
void ParallelFile::create(const std::string& path, const Shape& shape,
                          const Description& description) {
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  const Handle space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
                     H5Sclose, "make", "a dataspace");
  make_dataset<T>(path, space, dataset_layout(), description);
}

template <class T>
void ParallelFile::create_growing(const std::string& path, int64_t row_values,
                                  const Description& description) {
  const auto columns = static_cast<hsize_t>(row_values);
  const hsize_t now[2] = {0, columns}, most[2] = {H5S_UNLIMITED, columns};
  const hsize_t chunk[2] = {
      static_cast<hsize_t>(rows_at_a_time(row_values * static_cast<int64_t>(sizeof(T)))), columns};
  const Handle space(H5Screate_simple(2, now, most), H5Sclose, "make", "a dataspace");
  const Handle layout = dataset_layout();
  check(H5Pset_chunk(layout, 2, chunk), "set up", path_ + ":" + path);
  make_dataset<T>(path, space, layout, description);
}

void ParallelFile::grow(const std::string& path, int64_t rows) {
  const std::string where = path_ + ":" + path;
  Handle dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose, "open", where);
  std::vector<hsize_t> shape = extents_of(Handle(H5Dget_space(dataset), H5Sclose, "read", where));
  shape.at(0) = static_cast<hsize_t>(rows);
  check(H5Dset_extent(dataset, shape.data()), "make room in", where);
}

template <class T>
void ParallelFile::write_rows(const std::string& path, const std::vector<int64_t>& rows,
                              const std::vector<const T*>& data) {
  const std::string where = path_ + ":" + path;
  Handle dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose, "open", where);
  Handle space(H5Dget_space(dataset), H5Sclose, "read", where);
  std::vector<hsize_t> count = extents_of(space), start(count.size(), 0);
  int64_t row_values = 1;
  for (size_t d = 1; d < count.size(); ++d) row_values *= static_cast<int64_t>(count[d]);
  for (size_t i = 0; i < rows.size();) {
    size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1 &&
           data[end] == data[end - 1] + row_values)
      ++end;
    start[0] = static_cast<hsize_t>(rows[i]);
    count[0] = end - i;
    check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
          "select rows of", where);
    Handle memory(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose,
                  "make", "a dataspace");
    check(H5Dwrite(dataset, native_type<T>(), memory, space, H5P_DEFAULT, data[i]), "write", where);
    i = end;
  }
}

void ParallelFile::close() {
  // Closed in any case: the other ranks wait for this one.
  const Handle closing = std::move(id_);
  check(H5Fflush(closing, H5F_SCOPE_GLOBAL), "flush", path_);
}

#define MEDPFL_INSTANTIATE(T)                                                                     \
  template void ParallelFile::create<T>(const std::string&, const Shape&, const Description&);    \
  template void ParallelFile::create_growing<T>(const std::string&, int64_t, const Description&); \
  template void ParallelFile::write_rows<T>(const std::string&, const std::vector<int64_t>&,      \
                                            const std::vector<const T*>&);
MEDPFL_INSTANTIATE(float)
MEDPFL_INSTANTIATE(c10::Half)
MEDPFL_INSTANTIATE(c10::BFloat16)
MEDPFL_INSTANTIATE(int64_t)
MEDPFL_INSTANTIATE(uint8_t)
#undef MEDPFL_INSTANTIATE

}  // namespace medpfl::h5
