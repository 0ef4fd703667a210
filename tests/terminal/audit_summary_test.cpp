#include "terminal/audit_summary.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "audit/audit_file.hpp"

namespace medpfl {
namespace {

StageResult attacked_by(const std::string& folder) {
  StageResult out;
  out.chosen = Chosen();
  out.attacks = {folder};
  out.leak = LeakNumbers();
  return out;
}

std::string summary_of(const AuditRecord& record) {
  const std::string folder = testing::TempDir() + "audit_summary_" + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  write_audit(folder, record);
  const std::string text = summarize_audit(h5::File::open(folder + "/audit.h5"));
  std::filesystem::remove_all(folder);
  return text;
}

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST(AuditSummary, TheSecondAttackOnAStageIsExplained) {
  AuditRecord record;
  record.classes = 4;
  record.stages = {attacked_by("attack/round-0-update")};
  const std::string second = "the second served best with the defense off";
  EXPECT_FALSE(says(summary_of(record), second));
  record.stages.push_back(attacked_by("judge/round-0-update"));
  EXPECT_TRUE(says(summary_of(record), second));
}

TEST(AuditSummary, TheModelIsNamedWhereItIsKnown) {
  AuditRecord record;
  record.classes = 4;
  record.final_accuracy = 0.61;
  EXPECT_TRUE(says(summary_of(record), "balanced accuracy 61% (chance 25%)\n"));
  record.network = "above chance";
  EXPECT_TRUE(says(summary_of(record), "balanced accuracy 61% (chance 25%), above chance\n"));
}

}  // namespace
}  // namespace medpfl
