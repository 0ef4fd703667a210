#pragma once
#include <string>
#include <vector>

#include "h5/file.hpp"

namespace medpfl::h5 {

/// Gives each axis of each dataset of a file that was created here a dimension scale of the axis's
/// name, as netCDF-4 wants them, so that netCDF readers (xarray, say) know axes by name. The scale
/// of an axis is a dataset of its name and length, in the group of the dataset or one above: the
/// column of that name where there is one, else a dataset that is made here, marked as a netCDF
/// dimension, and takes no room. Does not follow links to other files. To be called once, after the
/// last dataset was written. Throws FormatError where a dataset that is no such column has the
/// name.
void label_axes(File* file);

/// How viewers show a group, by the rules of NeXus for the class NXdata.
struct Plot {
  std::string signal;                    ///< dataset of the group that is shown
  std::vector<std::string> axes;         ///< of each axis, the dataset with its values; ".": none
  std::vector<std::string> others = {};  ///< further datasets of the signal's shape
};
/// Says how to show a group, by attributes of it.
void show(File* file, const std::string& group, const Plot& plot);
/// Says which group viewers show first: a path without "/" in front.
void show_first(File* file, const std::string& group);

}  // namespace medpfl::h5
