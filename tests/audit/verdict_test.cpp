#include <gtest/gtest.h>

#include "audit/audit_file.hpp"

namespace medpfl {
namespace {

StageResult stage(int64_t round, bool probes, Finding finding, double low = 0) {
  StageResult out;
  out.stage = {round, probes};
  out.verdict = {finding, "for a reason"};
  out.leak = LeakNumbers();
  out.leak->identified.low = low;
  return out;
}

AuditRecord audit(std::vector<StageResult> stages) {
  AuditRecord out;
  out.stages = std::move(stages);
  return out;
}

TEST(AuditVerdict, TheGreatestLeakSpeaksForAll) {
  const AuditRecord record =
      audit({stage(0, false, Finding::kProtects), stage(0, true, Finding::kLeaks, 0.2),
             stage(4, true, Finding::kLeaks, 0.7), stage(8, true, Finding::kInconclusive)});
  EXPECT_EQ(record.verdict().finding, Finding::kLeaks);
  EXPECT_EQ(record.verdict().reason, "probes of round 4: for a reason");
  EXPECT_EQ(record.verdict("update").finding, Finding::kProtects);
  EXPECT_EQ(record.verdict("probe").finding, Finding::kLeaks);
}

TEST(AuditVerdict, OfTwoAttacksOnAStageTheStrongerCounts) {
  const auto both = [](Finding one, Finding other) {
    return audit({stage(0, false, one), stage(0, false, other)}).verdict().finding;
  };
  EXPECT_EQ(both(Finding::kInconclusive, Finding::kProtects), Finding::kProtects);
  EXPECT_EQ(both(Finding::kLeaks, Finding::kProtects), Finding::kLeaks);
  // But all stages must protect.
  EXPECT_EQ(audit({stage(0, false, Finding::kInconclusive), stage(0, false, Finding::kProtects),
                   stage(1, false, Finding::kInconclusive)})
                .verdict()
                .finding,
            Finding::kInconclusive);
}

TEST(AuditVerdict, ProbesAloneProtectNobody) {
  const AuditRecord record = audit({stage(0, true, Finding::kProtects)});
  EXPECT_EQ(record.verdict().finding, Finding::kNotTested);
  EXPECT_EQ(record.verdict().reason,
            "updates, which hospitals send, were left out; probes of round 0: for a reason");
  EXPECT_EQ(record.verdict("probe").finding, Finding::kProtects);
  EXPECT_EQ(record.verdict("update").finding, Finding::kNotTested);
}

}  // namespace
}  // namespace medpfl
