#include "h5/axes.hpp"

#include <gtest/gtest.h>
#include <hdf5_hl.h>
#include <unistd.h>

#include <filesystem>

#include "../core/refusal.hpp"
#include "h5/view.hpp"

namespace medpfl::h5 {
namespace {

class AxesTest : public ::testing::Test {
 protected:
  AxesTest() { prepare_hdf5(); }
  ~AxesTest() override { std::filesystem::remove(path_); }

  // The paths of the scales of each axis of a dataset, as HDF5 finds them.
  std::vector<std::string> scales(const File& file, const std::string& path) {
    const Handle dataset(H5Dopen2(file.id(), path.c_str(), H5P_DEFAULT), H5Dclose, "open", path);
    std::vector<std::string> out;
    const auto keep = [](hid_t, unsigned, hid_t scale, void* to) {
      char name[64] = "";
      H5Iget_name(scale, name, sizeof name);
      static_cast<std::vector<std::string>*>(to)->emplace_back(name);
      return herr_t{0};
    };
    for (size_t i = 0; i < file.shape(path).size(); ++i)
      check(H5DSiterate_scales(dataset, static_cast<unsigned>(i), nullptr, keep, &out), "read",
            path);
    return out;
  }
  // The name of a scale; "" where the dataset is none.
  std::string name_of_scale(const File& file, const std::string& path) {
    const Handle dataset(H5Dopen2(file.id(), path.c_str(), H5P_DEFAULT), H5Dclose, "open", path);
    char name[128] = "";
    if (H5DSis_scale(dataset) > 0) H5DSget_scale_name(dataset, name, sizeof name);
    return name;
  }

  std::string path_ =
      (std::filesystem::temp_directory_path() / ("medpfl-axes-" + std::to_string(getpid()) + ".h5"))
          .string();
  using Texts = std::vector<std::string>;
};

TEST_F(AxesTest, EveryAxisHasAScaleOfItsNameAndLength) {
  File out = File::create(path_);
  const std::vector<double> six(6);
  out.write("/tasks/task", std::vector<int64_t>{0, 1}, {2}, {"", "1", {"task"}});
  out.write("/tasks/loss", std::vector<double>{3, 4}, {2}, {"", "1", {"task"}});
  out.write("/tasks/trace/objective", six, {2, 3}, {"", "1", {"task", "point"}});
  out.write("/other/objective", six, {3, 2}, {"", "1", {"task", "point"}});
  out.write("/none", std::vector<double>{}, {0}, {"", "1", {"point"}});
  out.write_text("/text", "a", {"", "1", {}});
  out.write_link("/elsewhere", "absent.h5", "/");
  label_axes(&out);
  out.close();
  const File in = File::open(path_);
  EXPECT_EQ(name_of_scale(in, "/tasks/task"), "task");  // the column of the name
  EXPECT_EQ(name_of_scale(in, "/tasks/loss"), "");
  EXPECT_EQ(scales(in, "/tasks/loss"), Texts{"/tasks/task"});
  // From above, where the length is that of the axis, else in the group of the dataset.
  EXPECT_EQ(scales(in, "/tasks/trace/objective"), (Texts{"/tasks/task", "/tasks/trace/point"}));
  EXPECT_EQ(scales(in, "/other/objective"), (Texts{"/other/task", "/other/point"}));
  EXPECT_EQ(scales(in, "/none"), Texts{"/point"});
  EXPECT_EQ(in.shape("/other/task"), Shape{3});
  EXPECT_EQ(name_of_scale(in, "/other/task"),
            "This is a netCDF dimension but not a netCDF variable.         3");
}

TEST_F(AxesTest, RefusesAnotherDatasetOfAnAxisName) {
  File out = File::create(path_);
  out.write("/image", std::vector<int64_t>{0}, {1}, {"", "1", {"use"}});
  out.write("/images", std::vector<int64_t>{0}, {1}, {"", "1", {"image"}});
  EXPECT_EQ(refusal<FormatError>([&] { label_axes(&out); }),
            path_ + ":/image is no column along the axis of its name");
}

TEST_F(AxesTest, AViewShowsBlocksInAnotherArrangement) {
  File out = File::create(path_);
  // Two images of two channels, each of one row and two columns.
  out.write("/a", std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}, {2, 2, 1, 2},
            {"", "1", {"image", "channel", "row", "column"}});
  std::vector<ViewPart> parts;
  for (int64_t channel = 0; channel < 2; ++channel)
    parts.push_back({{{0, 0, 0, channel}, {2, 1, 2, 1}}, "/a", {{0, channel, 0, 0}, {2, 1, 1, 2}}});
  write_view<float>(&out, "/b", {2, 1, 2, 2}, parts,
                    {"", "1", {"image", "row", "column", "color"}});
  out.close();
  std::filesystem::rename(path_, path_ + ".moved");
  EXPECT_EQ(File::open(path_ + ".moved").read<float>("/b"),
            (std::vector<float>{1, 3, 2, 4, 5, 7, 6, 8}));
  std::filesystem::remove(path_ + ".moved");
}

}  // namespace
}  // namespace medpfl::h5
