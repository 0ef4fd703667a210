#include "h5/view.hpp"

#include "h5/types.hpp"

namespace medpfl::h5 {
namespace {

std::vector<hsize_t> extents(const Shape& shape) {
  return std::vector<hsize_t>(shape.begin(), shape.end());
}

Handle space_of(const Shape& shape) {
  const std::vector<hsize_t> dims = extents(shape);
  return Handle(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose,
                "make", "a dataspace");
}

void select(const Handle& space, const Block& block, const std::string& path) {
  check(H5Sselect_hyperslab(space, H5S_SELECT_SET, extents(block.start).data(), nullptr,
                            extents(block.count).data(), nullptr),
        "select", path);
}

}  // namespace

template <class T>
void write_view(File* file, const std::string& path, const Shape& shape,
                const std::vector<ViewPart>& parts, const Description& description) {
  const Handle space = space_of(shape);
  const Handle layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make", "a property list");
  for (const ViewPart& part : parts) {
    select(space, part.shown, path);
    const Handle source = space_of(file->shape(part.dataset));
    select(source, part.from, part.dataset);
    check(H5Pset_virtual(layout, space, ".", part.dataset.c_str(), source), "map", path);
  }
  const Handle made(H5Dcreate2(file->id(), path.c_str(), native_type<T>(), space_of(shape),
                               H5P_DEFAULT, layout, H5P_DEFAULT),
                    H5Dclose, "create", path);
  write_description(made, description, path);
}

template void write_view<float>(File*, const std::string&, const Shape&,
                                const std::vector<ViewPart>&, const Description&);

}  // namespace medpfl::h5
