// What stands below a table of what leaked, for files of each version.
#include "results/run/leak_notes.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>

#include "results/run/run_tables.hpp"

namespace medpfl {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
using Rows = std::vector<double>;

// The notes on a file with these columns. The last row is of one round, and no note is of it.
std::string notes(const std::function<void(TableWriter*)>& write) {
  const std::string path = testing::TempDir() + "leak_notes_" + std::to_string(getpid()) + ".h5";
  h5::File file = h5::File::create(path);
  TableWriter table(&file, "/attacks/summary", "leak");
  write(&table);
  file.close();
  const std::string found = leak_notes(h5::File::open(path));
  std::filesystem::remove(path);
  return found;
}

void write_judged(TableWriter* table) {
  table->column<std::string>("method", {"dlg", "public-mean", "public-nearest", "dlg"}, "");
  table->column<std::string>("kind", {"update", "update", "update", "update"}, "");
  table->column<int64_t>("round", {-1, -1, -1, 0}, "");
  table->column<double>("identified", {0.5, kNone, 0.25, 1}, "");
  table->column<double>("identified_low", {0.3, kNone, 0.1, 1}, "");
  table->column("identified_bound", Rows{0.2, kNone, kNone, 0.1}, "");
  table->column("candidates", Rows{16, 16, 16, 7}, "");
}

TEST(LeakNotes, SayKAndDistanceAndWhatIsNoAttack) {
  const std::string text = notes([](TableWriter* table) {
    write_judged(table);
    table->column("chance", Rows{0.125, 0.125, 0.125, 0.3}, "");
    table->column<int64_t>("images", {12, 12, 12, 4}, "");
    table->column<int64_t>("near_duplicated", {3, 3, 3, 4}, "");
  });
  const auto has = [&](const std::string& part) { return text.find(part) != std::string::npos; };
  EXPECT_TRUE(
      has("Identified: of 16 candidates the private image is nearest to its reconstruction "
          "by mean squared error (chance: 12.5%),\n"))
      << text;
  EXPECT_TRUE(has("public-mean is no attack: ") && has("public-nearest is no attack: ")) << text;
  EXPECT_TRUE(has("which only an oracle can choose, who is told the private image.")) << text;
  EXPECT_TRUE(
      has("3 of 12 images of updates have near-duplicates (SSIM of 0.9 or more) among the "
          "candidates: "))
      << text;
  EXPECT_TRUE(
      has("dlg of update: no attack is expected to identify more than 20.0% of these "
          "images, by the noise that epsilon counts. The interval lies above: a sign"))
      << text;
  EXPECT_EQ(text.find("near-duplicates"), text.rfind("near-duplicates")) << text;
}

TEST(LeakNotes, RangesWhereKindsDifferAndNoLineWhereNoneIsNear) {
  const std::string text = notes([](TableWriter* table) {
    table->column<std::string>("method", {"dlg", "public-mean", "dlg"}, "");
    table->column<std::string>("kind", {"update", "update", "probe"}, "");
    table->column<int64_t>("round", {-1, -1, -1}, "");
    table->column("identified", Rows{0.5, kNone, 0.25}, "");
    table->column("candidates", Rows{256, 256, 24}, "");
    table->column("chance", Rows{0.25, 0.25, 1 / 24.0}, "");
    table->column<int64_t>("images", {12, 12, 12}, "");
    table->column<int64_t>("near_duplicated", {0, 0, 0}, "");
  });
  EXPECT_NE(text.find("of 24 to 256 candidates"), std::string::npos) << text;
  EXPECT_NE(text.find("(chance: 4.2 to 25.0%)"), std::string::npos) << text;
  EXPECT_EQ(text.find("near-duplicates"), std::string::npos) << text;
  EXPECT_EQ(text.find("public-nearest"), std::string::npos) << text;
}

TEST(LeakNotes, FilesBeforeSchema14GuessAmongTheCandidates) {
  const std::string text = notes(write_judged);
  EXPECT_NE(text.find("of 16 candidates the private image is nearest to its reconstruction by mean "
                      "squared error (chance: 6.2%)"),
            std::string::npos)
      << text;
}

TEST(LeakNotes, FilesBeforeSchema13JudgeNoImages) {
  const std::string text = notes([](TableWriter* table) {
    table->column<std::string>("method", {"dlg"}, "");
    table->column<int64_t>("round", {-1}, "");
  });
  EXPECT_EQ(text.find("PSNR, SSIM, RDLV, evaluations and seconds: medians over"), 0U) << text;
}

}  // namespace
}  // namespace medpfl
