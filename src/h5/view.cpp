#include "h5/view.hpp"

#include "h5/layout.hpp"
#include "h5/types.hpp"

namespace medpfl::h5 {
namespace {

void select_block(const Handle& space, const Block& block, const std::string& path) {
  check(H5Sselect_hyperslab(space, H5S_SELECT_SET, extents(block.start).data(), nullptr,
                            extents(block.count).data(), nullptr),
        "select", path);
}

}  // namespace

template <class T>
void write_view(File* file, const std::string& path, const Shape& shape,
                const std::vector<ViewPart>& parts, const Description& description) {
  const Handle space = simple_space(shape);
  const Handle layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make", "a property list");
  for (const ViewPart& part : parts) {
    select_block(space, part.shown, path);
    const Handle source = simple_space(file->shape(part.dataset));
    select_block(source, part.from, part.dataset);
    check(H5Pset_virtual(layout, space, ".", part.dataset.c_str(), source), "map", path);
  }
  const Handle made(H5Dcreate2(file->id(), path.c_str(), native_type<T>(), simple_space(shape),
                               H5P_DEFAULT, layout, H5P_DEFAULT),
                    H5Dclose, "create", path);
  write_description(made, description, path);
}

template void write_view<float>(File*, const std::string&, const Shape&,
                                const std::vector<ViewPart>&, const Description&);

}  // namespace medpfl::h5
