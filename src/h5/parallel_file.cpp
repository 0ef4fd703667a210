#include "h5/parallel_file.hpp"

#include <H5FDmpio.h>

#include "h5/types.hpp"

namespace medpfl::h5 {
namespace {

Handle mpi_access(const Communicator& comm) {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make", "a property list");
  check(H5Pset_fapl_mpio(access, comm.handle(), MPI_INFO_NULL), "set up MPI-IO for", "a file");
  check(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST), "set up", "a file");
  // Data that start on a large boundary are written in whole file-system blocks.
  check(H5Pset_alignment(access, 1 << 20, 1 << 12), "set up", "a file");
  return access;
}

}  // namespace

ParallelFile::ParallelFile(const Communicator& comm, const std::string& path)
    : path_(path),
      id_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, mpi_access(comm)), H5Fclose, "create",
          path) {}

template <class T>
void ParallelFile::create(const std::string& path, const Shape& shape,
                          const Description& description) {
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  Handle space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose,
               "make", "a dataspace");
  Handle layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make", "a property list");
  check(H5Pset_fill_time(layout, H5D_FILL_TIME_NEVER), "set up", path);
  Handle dataset(
      H5Dcreate2(id_, path.c_str(), native_type<T>(), space, H5P_DEFAULT, layout, H5P_DEFAULT),
      H5Dclose, "create", path_ + ":" + path);
  write_description(dataset, description, path_ + ":" + path);
}

template <class T>
void ParallelFile::write_rows(const std::string& path, const std::vector<int64_t>& rows,
                              const T* data) {
  const std::string where = path_ + ":" + path;
  Handle dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose, "open", where);
  Handle space(H5Dget_space(dataset), H5Sclose, "read", where);
  std::vector<hsize_t> count(static_cast<size_t>(H5Sget_simple_extent_ndims(space)));
  H5Sget_simple_extent_dims(space, count.data(), nullptr);
  std::vector<hsize_t> start(count.size(), 0);
  check(H5Sselect_none(space), "select rows of", where);
  for (size_t i = 0; i < rows.size();) {
    size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    start[0] = static_cast<hsize_t>(rows[i]);
    count[0] = end - i;
    check(H5Sselect_hyperslab(space, H5S_SELECT_OR, start.data(), nullptr, count.data(), nullptr),
          "select rows of", where);
    i = end;
  }
  count[0] = rows.size();
  Handle memory(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose,
                "make", "a dataspace");
  if (rows.empty()) check(H5Sselect_none(memory), "select rows of", where);
  Handle transfer(H5Pcreate(H5P_DATASET_XFER), H5Pclose, "make", "a property list");
  check(H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE), "set up", where);
  check(H5Dwrite(dataset, native_type<T>(), memory, space, transfer, data), "write", where);
}

void ParallelFile::close() {
  check(H5Fflush(id_, H5F_SCOPE_GLOBAL), "flush", path_);
  id_.reset();
}

#define MEDPFL_INSTANTIATE(T)                                                                  \
  template void ParallelFile::create<T>(const std::string&, const Shape&, const Description&); \
  template void ParallelFile::write_rows<T>(const std::string&, const std::vector<int64_t>&,   \
                                            const T*);
MEDPFL_INSTANTIATE(float)
MEDPFL_INSTANTIATE(int64_t)
MEDPFL_INSTANTIATE(uint8_t)
#undef MEDPFL_INSTANTIATE

}  // namespace medpfl::h5
