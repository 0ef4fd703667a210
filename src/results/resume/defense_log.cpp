#include "results/resume/defense_log.hpp"

#include <algorithm>
#include <tuple>

#include "core/bytes.hpp"

namespace medpfl {

void DefenseLog::on_messages(const RoundPlan&, const FlatParameters&,
                             const std::vector<Message>& mine) {
  std::vector<Row> rows;
  for (const Message& message : mine) {
    if (message.probe >= 0) continue;
    for (const DefenseReport& report : message.defenses)
      rows.push_back({message.round, message.client,
                      static_cast<int64_t>(&report - message.defenses.data()), report});
  }
  ByteWriter out;
  out.array(rows);
  for (const std::string& bytes : comm_.gather(out.take())) {
    const std::vector<Row> theirs = ByteReader(bytes).array<Row>();
    of_round_.insert(of_round_.end(), theirs.begin(), theirs.end());
  }
}

void DefenseLog::on_round_end(const RoundPlan&, const RoundRecord&, const FlatParameters&) {
  std::sort(of_round_.begin(), of_round_.end(), [](const Row& a, const Row& b) {
    return std::tie(a.client, a.defense) < std::tie(b.client, b.defense);
  });
  const int64_t last = static_cast<int64_t>(chain_.describe_each().size()) - 1;
  saved_bytes_ = 0;
  for (const Row& row : of_round_)
    if (row.defense == last)
      saved_bytes_ +=
          row.report.entries * static_cast<int64_t>(sizeof(float)) - row.report.cost.bytes;
  rows_.insert(rows_.end(), of_round_.begin(), of_round_.end());
  of_round_.clear();
}

}  // namespace medpfl
