#include "h5/file.hpp"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <type_traits>
#include <utility>

#include "../core/refusal.hpp"

namespace medpfl::h5 {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    prepare_hdf5();
    std::filesystem::create_directories(folder_);
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("medpfl-h5-" + std::to_string(getpid()));
};

TEST_F(FileTest, LinksLeadToOtherFiles) {
  std::filesystem::create_directories(folder_ / "part");
  {
    File part = File::create(path("part/a.h5"));
    part.write("/rounds/loss", std::vector<double>{1, 2}, {2}, {"loss", "nat", {"round"}});
    part.close();
    File index = File::create(path("index.h5"));
    index.write_link("/runs/00000", "part/a.h5", "/");
    index.close();
  }
  // The folder may move as a whole.
  std::filesystem::rename(folder_ / "part", folder_ / "moved");
  std::filesystem::create_directories(folder_ / "elsewhere");
  std::filesystem::rename(folder_ / "index.h5", folder_ / "elsewhere" / "index.h5");
  std::filesystem::rename(folder_ / "moved", folder_ / "elsewhere" / "part");
  EXPECT_EQ(File::open(path("elsewhere/index.h5")).read<double>("/runs/00000/rounds/loss"),
            (std::vector<double>{1, 2}));
  std::filesystem::remove(folder_ / "elsewhere" / "part" / "a.h5");
  EXPECT_NE(refusal<FormatError>([&] {
              File::open(path("elsewhere/index.h5")).read<double>("/runs/00000/rounds/loss");
            }),
            "");
}

TEST_F(FileTest, ListsTheNamesInAGroup) {
  File file = File::create(path("names.h5"));
  file.make_group("/none");
  for (const char* name : {"run.seed", "defense.chain"})
    file.write(std::string("/options/") + name, std::vector<int64_t>{1}, {1}, {"", "1", {"point"}});
  EXPECT_EQ(file.names("/options"), (std::vector<std::string>{"defense.chain", "run.seed"}));
  EXPECT_TRUE(file.names("/none").empty());
  EXPECT_THROW(file.names("/absent"), FormatError);
}

TEST_F(FileTest, ReadsBackEveryType) {
  File out = File::create(path("a.h5"));
  out.write("/g/floats", std::vector<float>{1, 2, 3, 4}, {2, 2},
            {"two by two", "dB", {"row", "column"}});
  out.write("/g/halves", std::vector<c10::Half>{1.5F, -65504}, {2}, {"", "1", {"i"}});
  out.write("/g/brains", std::vector<c10::BFloat16>{1.5F, 1e38F}, {2}, {"", "1", {"i"}});
  out.write("/g/integers", std::vector<int64_t>{-1, 5}, {2}, {"", "1", {"i"}});
  out.write("/g/bytes", std::vector<uint8_t>{255}, {1}, {"", "1", {"i"}});
  out.write("/g/texts", std::vector<std::string>{"a", "", "ü"}, {3}, {"", "1", {"i"}});
  out.write("/g/empty", std::vector<double>{}, {0}, {"", "1", {"i"}});
  out.write_text("/g/text", "one\ntwo", {"", "1", {}});
  out.write_attribute("/g", "count", int64_t{7});
  out.write_attribute("/g", "names", std::vector<std::string>{"x", "y"});
  out.close();
  const File in = File::open(path("a.h5"));
  EXPECT_EQ(in.read<float>("/g/floats"), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(in.shape("/g/floats"), (Shape{2, 2}));
  EXPECT_EQ(in.read<c10::Half>("/g/halves").at(1), c10::Half(-65504));
  EXPECT_EQ(in.read<float>("/g/halves"), (std::vector<float>{1.5F, -65504}));
  EXPECT_EQ(in.read<float>("/g/brains"), (std::vector<float>{1.5F, c10::BFloat16(1e38F)}));
  EXPECT_EQ(in.read<int64_t>("/g/integers"), (std::vector<int64_t>{-1, 5}));
  EXPECT_EQ(in.read<uint8_t>("/g/bytes"), (std::vector<uint8_t>{255}));
  EXPECT_EQ(in.read<std::string>("/g/texts"), (std::vector<std::string>{"a", "", "ü"}));
  EXPECT_TRUE(in.read<double>("/g/empty").empty());
  EXPECT_EQ(in.read_text("/g/text"), "one\ntwo");
  EXPECT_TRUE(in.shape("/g/text").empty());
  EXPECT_EQ(in.shape("/g/empty"), (Shape{0}));
  EXPECT_EQ(in.read_integer_attribute("/g", "count"), (std::vector<int64_t>{7}));
  EXPECT_EQ(in.read_texts_attribute("/g", "names"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(in.read_text_attribute("/g/floats", "unit"), "dB");
  EXPECT_EQ(in.read_text_attribute("/g/floats", "dimensions"), "row,column");
  EXPECT_TRUE(in.exists("/g/text"));
  EXPECT_FALSE(in.exists("/h/text"));
}

TEST_F(FileTest, VirtualDatasetJoinsRowsOfOtherFiles) {
  for (int k = 0; k < 2; ++k) {
    File part = File::create(path("part" + std::to_string(k) + ".h5"));
    part.write("/values", std::vector<float>{10.0F * k, 10.0F * k + 1}, {1, 2},
               {"", "1", {"r", "c"}});
    part.close();
  }
  File out = File::create(path("all.h5"));
  out.write_virtual<float>("/values", {2, 2},
                           {{"part0.h5", "/values", 1}, {"part1.h5", "/values", 1}},
                           {"", "1", {"r", "c"}});
  out.close();
  const File in = File::open(path("all.h5"));
  EXPECT_EQ(in.read<float>("/values"), (std::vector<float>{0, 1, 10, 11}));
  EXPECT_EQ(in.read_rows<float>("/values", 1, 1), (std::vector<float>{10, 11}));
  EXPECT_EQ(refusal<FormatError>([&] { in.read_rows<float>("/values", 1, 2); }),
            path("all.h5") + ":/values has 2 rows; there are no rows 1 to 2");
  const std::vector<VirtualBlock> blocks = in.virtual_blocks("/values");
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[1].file, "part1.h5");
  EXPECT_EQ(blocks[1].dataset, "/values");
  EXPECT_EQ(blocks[1].rows, 1);
}

TEST_F(FileTest, SaysWhatCannotBeRead) {
  EXPECT_EQ(refusal<FormatError>([&] { File::open(path("none.h5")); }),
            path("none.h5") + ": no such file or directory");
  std::ofstream(path("text.h5")) << "not HDF5";
  EXPECT_EQ(refusal<FormatError>([&] { File::open(path("text.h5")); }),
            path("text.h5") + ": not an HDF5 file, or damaged");
  File::create(path("b.h5")).close();
  const std::string missing =
      refusal<FormatError>([&] { File::open(path("b.h5")).read<float>("/missing"); });
  EXPECT_EQ(missing.rfind("HDF5 cannot open " + path("b.h5") + ":/missing: ", 0), 0U) << missing;
  EXPECT_EQ(missing.find("no details"), std::string::npos) << missing;
  const std::string folder = refusal<FormatError>([&] { File::create(path("none/c.h5")); });
  EXPECT_EQ(folder.rfind("HDF5 cannot create " + path("none/c.h5") + ": ", 0), 0U) << folder;
}

TEST_F(FileTest, ReadsTextOfVariableLengthThatEarlierVersionsWrote) {
  const Handle file(H5Fcreate(path("old.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
                    H5Fclose, "create", "old.h5");
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make", "a type");
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const hsize_t two = 2;
  const Handle space(H5Screate_simple(1, &two, nullptr), H5Sclose, "make", "a space");
  const Handle dataset(
      H5Dcreate2(file, "/names", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose,
      "create", "names");
  const char* names[] = {"a", "ü"};
  H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, names);
  const Handle attribute(H5Acreate2(dataset, "more", type, space, H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose, "create", "more");
  H5Awrite(attribute, type, names);
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  const File in = File::open(path("old.h5"));
  EXPECT_EQ(in.read<std::string>("/names"), (std::vector<std::string>{"a", "ü"}));
  EXPECT_EQ(in.read_texts_attribute("/names", "more"), (std::vector<std::string>{"a", "ü"}));
}

TEST_F(FileTest, TextHasAFixedLength) {
  File out = File::create(path("t.h5"));
  out.write("/texts", std::vector<std::string>{"a", "abc"}, {2}, {"", "1", {"i"}});
  out.close();
  const File in = File::open(path("t.h5"));
  const Handle dataset(H5Dopen2(in.id(), "/texts", H5P_DEFAULT), H5Dclose, "open", "texts");
  const Handle type(H5Dget_type(dataset), H5Tclose, "read", "a type");
  EXPECT_EQ(H5Tis_variable_str(type), 0);
  EXPECT_EQ(H5Tget_size(type), 3U);
  EXPECT_EQ(refusal<FormatError>([&] { in.read_text("/none"); }).empty(), false);
}

TEST_F(FileTest, ABitThatFlippedIsNoticed) {
  // A score that no other bytes of the file look like.
  const std::vector<double> scores = {0.123456789012345, 0.25};
  File out = File::create(path("f.h5"));
  out.write("/scores", scores, {2}, {"", "1", {"i"}});
  out.write("/images", std::vector<float>(3 * 4 * 5, 0.5F), {3, 4, 5}, {"", "1", {"i", "j", "k"}});
  out.close();
  std::fstream file(path("f.h5"), std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const size_t at =
      bytes.find(std::string(reinterpret_cast<const char*>(scores.data()), sizeof scores[0]));
  ASSERT_NE(at, std::string::npos);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(bytes[at] ^ 1));
  file.close();
  const File in = File::open(path("f.h5"));
  const std::string said = refusal<FormatError>([&] { in.read<double>("/scores"); });
  EXPECT_NE(said.find("the file is damaged"), std::string::npos) << said;
  EXPECT_EQ(in.read<float>("/images"), std::vector<float>(3 * 4 * 5, 0.5F));
}

TEST_F(FileTest, MoreValuesThanAFileCanHoldAreRefused) {
  {
    const File file = File::create(path("a.h5"));
    const hsize_t many = hsize_t{1} << 50, chunk = 1024;
    const Handle space(H5Screate_simple(1, &many, nullptr), H5Sclose, "make", "a dataspace");
    const Handle layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make", "a property list");
    check(H5Pset_chunk(layout, 1, &chunk), "make", "a property list");
    const Handle made(
        H5Dcreate2(file.id(), "/many", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, layout, H5P_DEFAULT),
        H5Dclose, "create", "/many");
  }
  const File file = File::open(path("a.h5"));
  expect_refused<FormatError>([&] { file.read<float>("/many"); }, "cannot hold");
  expect_refused<FormatError>([&] { file.read_rows<float>("/many", 0, int64_t{1} << 49); },
                              "cannot hold");
  EXPECT_EQ(file.read_rows<float>("/many", 5, 2), (std::vector<float>{0, 0}));
}

TEST_F(FileTest, AColumnNamesTheFileWhereAValueIsMissing) {
  {
    File file = File::create(path("a.h5"));
    file.write("/rounds/loss", std::vector<double>{1, 2}, {2}, {"loss", "nat", {"round"}});
    file.write("/rounds/none", std::vector<double>{}, {0}, {"nothing", "1", {"round"}});
    file.write_attribute("/", "numbers", std::vector<int64_t>{});
    file.close();
  }
  const File file = File::open(path("a.h5"));
  const auto loss = file.read<double>("/rounds/loss");
  EXPECT_EQ(loss.back(), 2);
  expect_refused<FormatError>([&] { static_cast<void>(loss[2]); }, "a.h5:/rounds/loss");
  expect_refused<FormatError>([&] { file.read<double>("/rounds/none").back(); }, "/rounds/none");
  expect_refused<FormatError>([&] { static_cast<void>(file.shape("/rounds/loss")[1]); }, "a.h5");
  expect_refused<FormatError>([&] { file.read_integer_attribute("/", "numbers").at(0); },
                              "numbers");
  expect_refused<FormatError>([&] { file.read_real_attribute("/", "numbers"); },
                              "is not one number");
  EXPECT_EQ(file.read_or<double>("/rounds/newer", 2, 7), (std::vector<double>{7, 7}));
}

TEST_F(FileTest, WritesAttributesOfEveryType) {
  File out = File::create(path("c.h5"));
  out.make_group("/g");
  out.write_attribute("/g", "word", std::string("ü"));
  out.write_attribute("/g", "ratio", 2.75);
  out.write_attribute("/g", "counts", std::vector<int64_t>{-1, 4});
  out.write("/x", std::vector<double>{1e-300, -0.5}, {2}, {"a text", "s", {"i"}});
  out.close();
  const File in = File::open(path("c.h5"));
  EXPECT_EQ(in.read_text_attribute("/g", "word"), "ü");
  // HDF5 converts, so that the integer part shows that the number was stored.
  EXPECT_EQ(in.read_integer_attribute("/g", "ratio"), (std::vector<int64_t>{2}));
  EXPECT_EQ(in.read_integer_attribute("/g", "counts"), (std::vector<int64_t>{-1, 4}));
  EXPECT_EQ(in.read<double>("/x"), (std::vector<double>{1e-300, -0.5}));
  EXPECT_EQ(in.read_text_attribute("/x", "description"), "a text");
  EXPECT_EQ(in.read_text_attribute("/x", "unit"), "s");
  EXPECT_EQ(in.read_text_attribute("/x", "dimensions"), "i");
  const std::string none = refusal<FormatError>([&] { in.read_text_attribute("/x", "none"); });
  EXPECT_EQ(none.rfind("HDF5 cannot read attribute none of " + path("c.h5") + ":/x: ", 0), 0U)
      << none;
}

TEST_F(FileTest, EmptyAttributesReadBackEmpty) {
  File out = File::create(path("d.h5"));
  out.write_attribute("/", "names", std::vector<std::string>{});
  out.write_attribute("/", "counts", std::vector<int64_t>{});
  out.close();
  const File in = File::open(path("d.h5"));
  EXPECT_TRUE(in.read_texts_attribute("/", "names").empty());
  EXPECT_TRUE(in.read_integer_attribute("/", "counts").empty());
}

int closed = 0;
herr_t count_close(hid_t) { return ++closed, 0; }

TEST_F(FileTest, LocksThatFailNameTheRemedy) {
  const std::string name = path("locked.h5");
  File::create(name).close();
  unsetenv("HDF5_USE_FILE_LOCKING");
  for (const int error : {ENOLCK, EWOULDBLOCK}) {
    setenv("ODD_FILES_FLOCK", std::to_string(error).c_str(), 1);
    for (const std::string& what :
         {refusal<FormatError>([&] { File::open(name); }),
          refusal<FormatError>([&] { File::create(path("other.h5")); })}) {
      EXPECT_NE(what, "");
      EXPECT_EQ(what.find("set HDF5_USE_FILE_LOCKING=FALSE") != std::string::npos, error == ENOLCK)
          << what;
    }
  }
  unsetenv("ODD_FILES_FLOCK");
  EXPECT_NO_THROW(File::open(name));
}

TEST(Handle, ClosesOnceHoweverOftenItMoves) {
  static_assert(!std::is_copy_constructible_v<Handle> && !std::is_copy_assignable_v<Handle>);
  closed = 0;
  {
    Handle first(7, count_close, "make", "a thing");
    Handle second(std::move(first));
    EXPECT_EQ(static_cast<hid_t>(second), 7);
    Handle third(8, count_close, "make", "a thing");
    third = std::move(second);
    EXPECT_EQ(closed, 1) << "8 was replaced";
    EXPECT_EQ(static_cast<hid_t>(third), 7);
  }
  EXPECT_EQ(closed, 2);
  const std::string refused =
      refusal<FormatError>([] { Handle(-1, count_close, "make", "a thing"); });
  EXPECT_EQ(refused.rfind("HDF5 cannot make a thing: ", 0), 0U) << refused;
  EXPECT_EQ(closed, 2);
}

}  // namespace
}  // namespace medpfl::h5
