#include "results/capture/gradient_reader.hpp"

#include <c10/util/BFloat16.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "../core/refusal.hpp"
#include "results/run/schema.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

// A run of three messages over two segments, as docs/file_format.md says; row r holds r, r + 0.5,
// ...
class GradientReaderTest : public ::testing::Test {
 protected:
  GradientReaderTest() {
    h5::prepare_hdf5();
    fs::create_directories(folder_ + "/gradients");
  }
  ~GradientReaderTest() override { fs::remove_all(folder_); }

  template <class T>
  void write_segment(const std::string& name, const std::vector<int64_t>& rows, int64_t columns) {
    std::vector<T> values;
    for (const int64_t row : rows)
      for (int64_t c = 0; c < columns; ++c)
        values.push_back(static_cast<T>(static_cast<float>(row) + 0.5F * static_cast<float>(c)));
    h5::File file = h5::File::create(folder_ + "/" + name);
    file.write("/values", values, {static_cast<int64_t>(rows.size()), columns},
               {"", "1", {"gradient", "parameter"}});
    file.close();
  }

  template <class T>
  void write(const std::vector<std::string>& recorded, int64_t columns, bool batches = true) {
    write_segment<T>("gradients/segment-00000.h5", {0, 1}, columns);
    write_segment<T>("gradients/segment-00001.h5", {2}, columns);
    h5::File file = h5::File::create(folder_ + "/run.h5");
    file.write_attribute("/", "filetype", kFileType);
    file.write_attribute("/", "schema_version", std::vector<int64_t>{kSchemaMajor, kSchemaMinor});
    file.write_attribute("/", "medpfl_version", std::string("0"));
    const h5::Description text = {"", "1", {"i"}};
    file.write("/model/name", std::vector<std::string>{"a.weight", "a.bias"}, {2}, text);
    file.write("/model/shape", std::vector<std::string>{"2x1", "2"}, {2}, text);
    file.write("/gradients/layers/name", recorded, {static_cast<int64_t>(recorded.size())}, text);
    file.write_virtual<T>("/gradients/values", {3, columns},
                          {{"gradients/segment-00000.h5", "/values", 2},
                           {"gradients/segment-00001.h5", "/values", 1}},
                          {"", "1", {"gradient", "parameter"}});
    const Precision precision = std::is_same_v<T, float>       ? Precision::kFloat32
                                : std::is_same_v<T, c10::Half> ? Precision::kFloat16
                                                               : Precision::kBfloat16;
    file.write_attribute("/gradients/values", "precision", word_of(precision));
    for (const char* name : {"round", "client", "probe", "examples", "steps"})
      file.write(std::string("/gradients/") + name, std::vector<int64_t>{4, 5, 6}, {3}, text);
    for (const char* name : {"norm", "loss"})
      file.write(std::string("/gradients/") + name, std::vector<double>{1, 2, 3}, {3}, text);
    if (batches) {
      file.write("/gradients/batches/index", std::vector<int64_t>{7, 9}, {2}, text);
      file.write("/gradients/batches/start", std::vector<int64_t>{0, 1, 1, 3}, {4}, text);
      file.write("/gradients/batches/image", std::vector<int64_t>{1, 0, 1}, {3}, text);
    }
    file.write_attribute("/gradients", "payload", std::string("weight-change"));
    file.close();
  }

  std::string folder_ =
      (fs::temp_directory_path() / ("medpfl-reader-" + std::to_string(getpid()))).string();
};

TEST_F(GradientReaderTest, ReadsAnyRowInAnyOrder) {
  write<float>({"a.weight", "a.bias"}, 4);
  GradientReader reader(folder_);
  EXPECT_EQ(reader.size(), 3);
  EXPECT_FALSE(reader.payload_is_gradient());
  EXPECT_EQ(reader.layout()[0].shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(reader.layout()[1].offset, 2);
  EXPECT_EQ(reader.rows().client, (std::vector<int64_t>{4, 5, 6}));
  EXPECT_EQ(reader.rows().images, (std::vector<std::vector<int64_t>>{{9}, {}, {7, 9}}));
  for (const int64_t row : {2, 0, 1, 2}) {
    const FlatParameters values = reader.read(row);
    for (int64_t c = 0; c < 4; ++c)
      EXPECT_EQ(values.data()[c], static_cast<float>(row) + 0.5F * static_cast<float>(c));
  }
  EXPECT_EQ(refusal<FormatError>([&] { reader.read(3); }),
            folder_ + "/run.h5: has 3 recorded gradients, no row 3");
  EXPECT_EQ(GradientReader(folder_ + "/run.h5").read(1).data()[3], 2.5F);
}

TEST_F(GradientReaderTest, ConvertsBothKindsOf16Bits) {
  write<c10::Half>({"a.weight", "a.bias"}, 4, false);
  EXPECT_EQ(GradientReader(folder_).read(2).data()[3], 3.5F);
  EXPECT_TRUE(GradientReader(folder_).rows().images.at(2).empty());
  write<c10::BFloat16>({"a.weight", "a.bias"}, 4);
  EXPECT_EQ(GradientReader(folder_).read(2).data()[3], 3.5F);
}

TEST_F(GradientReaderTest, NamesWhatWasNotRecorded) {
  write<float>({"a.bias"}, 2);
  EXPECT_EQ(refusal<FormatError>([&] { GradientReader(folder_).read(0); }),
            folder_ +
                "/run.h5: the recorded gradients are not complete: without a.weight; run "
                "again with --output.layers=all");
}

TEST_F(GradientReaderTest, RefusesTablesThatDoNotFit) {
  write<float>({"a.weight", "a.bias"}, 4);
  const std::string file = folder_ + "/run.h5";
  const auto with = [&](const char* column, const auto& values) {
    const h5::Handle run(H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "open", file);
    h5::check(H5Ldelete(run, column, H5P_DEFAULT), "remove", column);
    using T = typename std::decay_t<decltype(values)>::value_type;
    static_assert(std::is_same_v<T, int64_t> || std::is_same_v<T, double>);
    const hsize_t rows = values.size();
    const h5::Handle space(H5Screate_simple(1, &rows, nullptr), H5Sclose, "make", "a dataspace");
    const hid_t type = std::is_same_v<T, double> ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
    const h5::Handle made(
        H5Dcreate2(run, column, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose,
        "create", column);
    h5::check(H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "write", column);
  };
  with("/gradients/batches/start", std::vector<int64_t>{0, 1, 1, 9});
  expect_refused<FormatError>([&] { GradientReader{file}; }, "batches/image has 3 values");
  with("/gradients/norm", std::vector<double>{1, 2});
  expect_refused<FormatError>([&] { GradientReader{file}; }, "differ in length: 3 and 2");
}

TEST_F(GradientReaderTest, RefusesRowsThatAreNotAsLongAsTheNetwork) {
  write<float>({"a.weight", "a.bias"}, 3);
  GradientReader reader(folder_);
  expect_refused<FormatError>([&] { reader.read(0); }, "3 recorded values do not fit the 4");
}

TEST_F(GradientReaderTest, NamesTheFileThatIsMissingOrForeign) {
  write<float>({"a.weight", "a.bias"}, 4);
  GradientReader reader(folder_);
  write_segment<float>("gradients/segment-00000.h5", {0}, 4);
  EXPECT_EQ(refusal<FormatError>([&] { reader.read(0); }),
            folder_ + "/gradients/segment-00000.h5: does not have the rows that " + folder_ +
                "/run.h5 takes from it; the file does not belong to this run");
  fs::remove(folder_ + "/gradients/segment-00001.h5");
  EXPECT_EQ(refusal<FormatError>([&] { reader.read(2); }),
            folder_ + "/gradients/segment-00001.h5: no such file or directory");
  fs::remove(folder_ + "/run.h5");
  EXPECT_EQ(refusal<FormatError>([&] { GradientReader again(folder_); }),
            folder_ + "/run.h5: no such file or directory");
}

}  // namespace
}  // namespace medpfl
