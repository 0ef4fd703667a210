#include "results/resume/defense_log.hpp"
#include "results/run/run_record.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {

void write_defense_group(h5::File* file, const RunRecord& record) {
  if (record.defenses == nullptr) return;
  const auto& rows = record.defenses->rows();
  using R = DefenseLog::Row;
  const std::string group = "/rounds/defenses";
  TableWriter table(file, group, "report");
  table.column<int64_t, R>(
      "round", rows, [](const R& r) { return r.round; }, "round, from 0");
  table.column<int64_t, R>(
      "client", rows, [](const R& r) { return r.client; }, "hospital");
  table.column<int64_t, R>(
      "defense", rows, [](const R& r) { return r.defense; }, "place in the attribute chain");
  table.column<double, R>(
      "norm_before", rows, [](const R& r) { return r.report.norm_before; },
      "L2 norm of the update before this defense");
  table.column<double, R>(
      "norm_after", rows, [](const R& r) { return r.report.norm_after; },
      "L2 norm of the update after it");
  table.column<double, R>(
      "sparsity", rows,
      [](const R& r) {
        return static_cast<double>(r.report.zeros) / static_cast<double>(r.report.entries);
      },
      "share of zero entries after it");
  table.column<int64_t, R>(
      "bytes", rows, [](const R& r) { return r.report.cost.bytes; },
      "of the update after it, in the cheapest form", "byte");
  table.column<double, R>(
      "bits", rows,
      [](const R& r) {
        return 8.0 * static_cast<double>(r.report.cost.bytes) /
               static_cast<double>(r.report.entries);
      },
      "of those bytes, for each entry, zero or not", "bit");
  table.column<int64_t, R>(
      "form", rows, [](const R& r) { return static_cast<int64_t>(r.report.cost.form); },
      "that form: place in the attribute forms");
  file->write_attribute(group, "chain", record.defenses->chain().describe_each());
  file->write_attribute(group, "numbers", record.defenses->chain().number_formats());
  file->write_attribute(group, "forms", wire_form_names());
}

}  // namespace medpfl
