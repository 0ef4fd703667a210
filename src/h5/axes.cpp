#include "h5/axes.hpp"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <map>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl::h5 {
namespace {

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

class AxisLabels {
 public:
  explicit AxisLabels(File* file) : file_(*file) {}

  void label(const std::string& path) {
    const Shape shape = file_.shape(path);
    const std::vector<std::string> names =
        split_list(file_.read_text_attribute(path, "dimensions"));
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string scale = scale_of(parent(path), names[i], shape.at(i));
      if (scale != path)
        check(H5DSattach_scale(open(path), open(scale), static_cast<unsigned>(i)),
              "label an axis of", path);
    }
  }

 private:
  Handle open(const std::string& path) const {
    return Handle(H5Dopen2(file_.id(), path.c_str(), H5P_DEFAULT), H5Dclose, "open", path);
  }

  // Finds the scale of an axis in the group or above it, or makes one in the group.
  std::string scale_of(const std::string& group, const std::string& axis, int64_t length) {
    for (std::string at = group;; at = parent(at)) {
      const auto found = lengths_.find(at + "/" + axis);
      if (found != lengths_.end() && found->second == length) return found->first;
      if (at.empty()) break;
    }
    const std::string path = group + "/" + axis;
    std::string name = axis;
    if (!file_.exists(path)) {
      name = fmt::format("This is a netCDF dimension but not a netCDF variable.{:10}", length);
      make_without_values(path, axis, length);
    } else if (file_.shape(path) != Shape{length} ||
               file_.read_text_attribute(path, "dimensions") != axis) {
      throw FormatError(
          fmt::format("{}:{} is no column along the axis of its name", file_.path(), path));
    }
    check(H5DSset_scale(open(path), name.c_str()), "make a dimension scale of", path);
    lengths_[path] = length;
    return path;
  }

  // HDF5 gives contiguous datasets room when they are written, which this one never is.
  void make_without_values(const std::string& path, const std::string& axis, int64_t length) {
    const auto extent = static_cast<hsize_t>(length);
    const Handle space(H5Screate_simple(1, &extent, nullptr), H5Sclose, "make", "a dataspace");
    const Handle made(H5Dcreate2(file_.id(), path.c_str(), H5T_IEEE_F32BE, space, H5P_DEFAULT,
                                 H5P_DEFAULT, H5P_DEFAULT),
                      H5Dclose, "create", path);
    write_description(made, {"names an axis, and has no values", "1", {axis}}, path);
  }

  File& file_;
  std::map<std::string, int64_t> lengths_;  // of scales, by their paths
};

}  // namespace

void label_axes(File* file) {
  AxisLabels labels(file);
  for (const std::string& path : file->datasets()) labels.label(path);
}

void show(File* file, const std::string& group, const Plot& plot) {
  file->write_attribute(group, "NX_class", std::string("NXdata"));
  file->write_attribute(group, "signal", plot.signal);
  file->write_attribute(group, "axes", plot.axes);
  if (!plot.others.empty()) file->write_attribute(group, "auxiliary_signals", plot.others);
}

void show_first(File* file, const std::string& group) {
  file->write_attribute("/", "NX_class", std::string("NXroot"));
  file->write_attribute("/", "default", group);
}

}  // namespace medpfl::h5
