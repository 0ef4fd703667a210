#include "h5/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/file_faults.hpp"
#include "core/text.hpp"
#include "h5/extent.hpp"
#include "h5/layout.hpp"
#include "h5/stored_text.hpp"
#include "h5/types.hpp"

namespace medpfl::h5 {
namespace {

Handle make_groups_on_the_way() {
  Handle list(H5Pcreate(H5P_LINK_CREATE), H5Pclose, "make", "a property list");
  check(H5Pset_create_intermediate_group(list, 1), "make", "a property list");
  return list;
}

Handle open_object(hid_t file, const std::string& object, const std::string& where) {
  return Handle(H5Oopen(file, object.c_str(), H5P_DEFAULT), H5Oclose, "open", where);
}

void put_attribute(hid_t object, const std::string& name, hid_t type, const Handle& space,
                   const void* data, const std::string& where) {
  Handle attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose, "create attribute", where);
  // HDF5 refuses a null buffer, which an empty vector has.
  if (H5Sget_simple_extent_npoints(space) != 0)
    check(H5Awrite(attribute, type, data), "write attribute", where);
}

void put_text_attribute(hid_t object, const std::string& name, const std::string& value,
                        const std::string& where) {
  const StoredTexts text({value});
  put_attribute(object, name, text.type,
                Handle(H5Screate(H5S_SCALAR), H5Sclose, "make", "a dataspace"), text.bytes.data(),
                where);
}

}  // namespace

File File::create(const std::string& path) {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make", "a property list");
  check(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST), "set up", path);
  return File(path, Handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose,
                           "create", path));
}

File File::open(const std::string& path) {
  refuse_unreadable_result(path);
  if (H5Fis_hdf5(path.c_str()) <= 0)
    throw FormatError(fmt::format("{}: not an HDF5 file, or damaged", path));
  return File(path,
              Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "open", path));
}

void File::close() {
  check(H5Fflush(id_, H5F_SCOPE_GLOBAL), "flush", path_);
  id_.reset();
}

void write_description(hid_t dataset, const Description& description, const std::string& where) {
  put_text_attribute(dataset, "description", description.text, where);
  put_text_attribute(dataset, "unit", description.unit, where);
  put_text_attribute(dataset, "dimensions", join(description.dimensions, ","), where);
}

template <class T>
void File::write(const std::string& path, const T* data, const Shape& shape,
                 const Description& description) {
  constexpr size_t kImageAxes = 3;  // the only datasets of so many axes
  Handle dataset(
      H5Dcreate2(id_, path.c_str(), native_type<T>(), simple_space(shape), make_groups_on_the_way(),
                 chunks_of(shape, sizeof(T), shape.size() >= kImageAxes), H5P_DEFAULT),
      H5Dclose, "create", where(path));
  check(H5Dwrite(dataset, native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "write",
        where(path));
  write_description(dataset, description, where(path));
}

template <class T>
void File::write(const std::string& path, const std::vector<T>& data, const Shape& shape,
                 const Description& description) {
  write(path, data.data(), shape, description);
}

template <>
void File::write(const std::string& path, const std::vector<std::string>& data, const Shape& shape,
                 const Description& description) {
  const StoredTexts texts(data);
  Handle dataset(
      H5Dcreate2(id_, path.c_str(), texts.type, simple_space(shape), make_groups_on_the_way(),
                 chunks_of(shape, texts.size, true), H5P_DEFAULT),
      H5Dclose, "create", where(path));
  if (!data.empty())
    check(H5Dwrite(dataset, texts.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.bytes.data()), "write",
          where(path));
  write_description(dataset, description, where(path));
}

void File::write_text(const std::string& path, const std::string& text,
                      const Description& description) {
  const StoredTexts packed({text});
  Handle dataset(
      H5Dcreate2(id_, path.c_str(), packed.type,
                 Handle(H5Screate(H5S_SCALAR), H5Sclose, "make", "a dataspace"),
                 make_groups_on_the_way(), chunks_of({}, packed.size, true), H5P_DEFAULT),
      H5Dclose, "create", where(path));
  check(H5Dwrite(dataset, packed.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.bytes.data()), "write",
        where(path));
  write_description(dataset, description, where(path));
}

template <class T>
void File::write_virtual(const std::string& path, const Shape& shape,
                         const std::vector<VirtualBlock>& blocks, const Description& description) {
  const Handle space = simple_space(shape);
  Handle layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make", "a property list");
  hsize_t first = 0;
  for (const VirtualBlock& block : blocks) {
    Shape source_shape = shape;
    source_shape[0] = block.rows;
    const std::vector<hsize_t> count = extents(source_shape);
    std::vector<hsize_t> start(shape.size(), 0);
    start[0] = first;
    check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
          "select", where(path));
    check(H5Pset_virtual(layout, space, block.file.c_str(), block.dataset.c_str(),
                         simple_space(source_shape)),
          "map", where(path));
    first += static_cast<hsize_t>(block.rows);
  }
  Handle dataset(H5Dcreate2(id_, path.c_str(), native_type<T>(), simple_space(shape),
                            make_groups_on_the_way(), layout, H5P_DEFAULT),
                 H5Dclose, "create", where(path));
  write_description(dataset, description, where(path));
}

void File::make_group(const std::string& path) {
  Handle(H5Gcreate2(id_, path.c_str(), make_groups_on_the_way(), H5P_DEFAULT, H5P_DEFAULT),
         H5Gclose, "create", where(path));
}

void File::write_link(const std::string& path, const std::string& file, const std::string& object) {
  check(H5Lcreate_external(file.c_str(), object.c_str(), id_, path.c_str(),
                           make_groups_on_the_way(), H5P_DEFAULT),
        "link", where(path));
}

void File::write_attribute(const std::string& object, const std::string& name,
                           const std::string& value) {
  put_text_attribute(open_object(id_, object, where(object)), name, value, where(object));
}

void File::write_attribute(const std::string& object, const std::string& name, double value) {
  put_attribute(open_object(id_, object, where(object)), name, H5T_NATIVE_DOUBLE,
                Handle(H5Screate(H5S_SCALAR), H5Sclose, "make", "a dataspace"), &value,
                where(object));
}

void File::write_attribute(const std::string& object, const std::string& name, int64_t value) {
  put_attribute(open_object(id_, object, where(object)), name, H5T_NATIVE_INT64,
                Handle(H5Screate(H5S_SCALAR), H5Sclose, "make", "a dataspace"), &value,
                where(object));
}

void File::write_attribute(const std::string& object, const std::string& name,
                           const std::vector<int64_t>& values) {
  put_attribute(open_object(id_, object, where(object)), name, H5T_NATIVE_INT64,
                simple_space({static_cast<int64_t>(values.size())}), values.data(), where(object));
}

void File::write_attribute(const std::string& object, const std::string& name,
                           const std::vector<double>& values) {
  put_attribute(open_object(id_, object, where(object)), name, H5T_NATIVE_DOUBLE,
                simple_space({static_cast<int64_t>(values.size())}), values.data(), where(object));
}

void File::write_attribute(const std::string& object, const std::string& name,
                           const std::vector<std::string>& values) {
  const StoredTexts texts(values);
  put_attribute(open_object(id_, object, where(object)), name, texts.type,
                simple_space({static_cast<int64_t>(values.size())}), texts.bytes.data(),
                where(object));
}

bool File::has_attribute(const std::string& object, const std::string& name) const {
  return H5Aexists_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT) > 0;
}

bool File::exists(const std::string& path) const {
  for (size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    if (H5Lexists(id_, path.substr(0, at).c_str(), H5P_DEFAULT) <= 0) return false;
    if (at == std::string::npos) return true;
  }
}

Column<int64_t> File::shape(const std::string& path) const {
  Handle dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose, "open", where(path));
  Handle space(H5Dget_space(dataset), H5Sclose, "read", where(path));
  const int axes = H5Sget_simple_extent_ndims(space);
  check(axes, "read", where(path));
  std::vector<hsize_t> dims(static_cast<size_t>(axes));
  check(H5Sget_simple_extent_dims(space, dims.data(), nullptr), "read", where(path));
  return {Shape(dims.begin(), dims.end()), where(path)};
}

template <class T>
Column<T> File::read(const std::string& path) const {
  Handle dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose, "open", where(path));
  Handle space(H5Dget_space(dataset), H5Sclose, "read", where(path));
  std::vector<T> out(count_values(dataset, space, sizeof(T), where(path)));
  check(H5Dread(dataset, native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()), "read",
        where(path));
  return {std::move(out), where(path)};
}

template <>
Column<std::string> File::read(const std::string& path) const {
  Handle dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose, "open", where(path));
  Handle space(H5Dget_space(dataset), H5Sclose, "read", where(path));
  const Handle stored(H5Dget_type(dataset), H5Tclose, "read", where(path));
  return read_stored_texts(dataset, stored, space, where(path), [&](hid_t type, void* to) {
    check(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to), "read", where(path));
  });
}

template <class T>
std::vector<T> File::read_rows(const std::string& path, int64_t first, int64_t count) const {
  const SelectedRows rows(id_, path, where(path), shape(path), first, count);
  std::vector<T> out(rows.values(sizeof(T)));
  rows.read(native_type<T>(), out.data());
  return out;
}

std::vector<char> File::read_bytes(const std::string& path, int64_t first, int64_t count) const {
  const SelectedRows rows(id_, path, where(path), shape(path), first, count);
  const Handle type(H5Dget_type(rows.dataset), H5Tclose, "read", where(path));
  const size_t bytes = H5Tget_size(type);
  std::vector<char> out(rows.values(bytes) * bytes);
  rows.read(type, out.data());
  return out;
}

bool File::is_text(const std::string& path) const {
  const Handle dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose, "open", where(path));
  const Handle type(H5Dget_type(dataset), H5Tclose, "read", where(path));
  return H5Tget_class(type) == H5T_STRING;
}

bool File::is_virtual(const std::string& path) const {
  const Handle dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose, "open", where(path));
  const Handle layout(H5Dget_create_plist(dataset), H5Pclose, "read", where(path));
  return H5Pget_layout(layout) == H5D_VIRTUAL;
}

std::vector<VirtualBlock> File::virtual_blocks(const std::string& path) const {
  Handle dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose, "open", where(path));
  Handle layout(H5Dget_create_plist(dataset), H5Pclose, "read", where(path));
  if (H5Pget_layout(layout) != H5D_VIRTUAL)
    throw FormatError(fmt::format("{} is not a virtual dataset", where(path)));
  size_t count = 0;
  check(H5Pget_virtual_count(layout, &count), "read", where(path));
  const auto text = [&](ssize_t (*get)(hid_t, size_t, char*, size_t), size_t i) {
    const ssize_t length = get(layout, i, nullptr, 0);
    check(static_cast<herr_t>(std::min<ssize_t>(length, 0)), "read", where(path));
    std::string out(static_cast<size_t>(length), '\0');
    get(layout, i, out.data(), out.size() + 1);
    return out;
  };
  std::vector<VirtualBlock> blocks;
  for (size_t i = 0; i < count; ++i) {
    Handle space(H5Pget_virtual_vspace(layout, i), H5Sclose, "read", where(path));
    std::vector<hsize_t> first(static_cast<size_t>(H5Sget_simple_extent_ndims(space)));
    std::vector<hsize_t> last(first.size());
    check(H5Sget_select_bounds(space, first.data(), last.data()), "read", where(path));
    blocks.push_back({text(H5Pget_virtual_filename, i), text(H5Pget_virtual_dsetname, i),
                      static_cast<int64_t>(last.at(0) - first.at(0) + 1)});
  }
  return blocks;
}

std::string File::read_text(const std::string& path) const {
  return read<std::string>(path).front();
}

Column<std::string> File::read_texts_attribute(const std::string& object,
                                               const std::string& name) const {
  Handle attribute(H5Aopen_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose, "read attribute " + name + " of", where(object));
  Handle space(H5Aget_space(attribute), H5Sclose, "read", where(object));
  const Handle stored(H5Aget_type(attribute), H5Tclose, "read", where(object));
  return read_stored_texts(attribute, stored, space, where(object), [&](hid_t type, void* to) {
    check(H5Aread(attribute, type, to), "read attribute " + name + " of", where(object));
  });
}

std::string File::read_text_attribute(const std::string& object, const std::string& name) const {
  return read_texts_attribute(object, name).front();
}

Column<int64_t> File::read_integer_attribute(const std::string& object,
                                             const std::string& name) const {
  Handle attribute(H5Aopen_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose, "read attribute " + name + " of", where(object));
  Handle space(H5Aget_space(attribute), H5Sclose, "read", where(object));
  std::vector<int64_t> out(count_values(attribute, space, sizeof(int64_t), where(object)));
  if (!out.empty())
    check(H5Aread(attribute, H5T_NATIVE_INT64, out.data()), "read attribute " + name + " of",
          where(object));
  return {std::move(out), where(object) + "." + name};
}

double File::read_real_attribute(const std::string& object, const std::string& name) const {
  Handle attribute(H5Aopen_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose, "read attribute " + name + " of", where(object));
  const Handle space(H5Aget_space(attribute), H5Sclose, "read", where(object));
  if (H5Sget_simple_extent_npoints(space) != 1)
    throw FormatError(
        fmt::format("{}.{} is not one number; the file is damaged", where(object), name));
  double out = 0;
  check(H5Aread(attribute, H5T_NATIVE_DOUBLE, &out), "read attribute " + name + " of",
        where(object));
  return out;
}

#define MEDPFL_INSTANTIATE(T)                                                                   \
  template void File::write<T>(const std::string&, const T*, const Shape&, const Description&); \
  template void File::write<T>(const std::string&, const std::vector<T>&, const Shape&,         \
                               const Description&);                                             \
  template void File::write_virtual<T>(const std::string&, const Shape&,                        \
                                       const std::vector<VirtualBlock>&, const Description&);   \
  template Column<T> File::read<T>(const std::string&) const;                                   \
  template std::vector<T> File::read_rows<T>(const std::string&, int64_t, int64_t) const;
MEDPFL_INSTANTIATE(float)
MEDPFL_INSTANTIATE(c10::Half)
MEDPFL_INSTANTIATE(c10::BFloat16)
MEDPFL_INSTANTIATE(double)
MEDPFL_INSTANTIATE(int64_t)
MEDPFL_INSTANTIATE(uint8_t)
#undef MEDPFL_INSTANTIATE

}  // namespace medpfl::h5
