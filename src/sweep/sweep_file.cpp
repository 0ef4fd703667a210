#include "sweep/sweep_file.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <ctime>

#include "core/error.hpp"
#include "core/log.hpp"
#include "h5/axes.hpp"
#include "results/folder/durable_file.hpp"
#include "results/run/run_tables.hpp"
#include "results/run/schema.hpp"
#include "results/run/sweep_findings.hpp"

namespace medpfl {
namespace {

void write_root(h5::File* file, const SweepRecord& record) {
  write_head(file, {kSweepFileType,
                    {kSweepSchemaMajor, kSweepSchemaMinor},
                    static_cast<long long>(std::time(nullptr)),
                    record.status});
}

void write_points(h5::File* file, const SweepRecord& record) {
  using P = SweepPoint;
  const std::vector<P>& points = record.points;
  TableWriter table(file, "/points", "point");
  table.column<std::string, P>(
      "folder", points, [](const P& p) { return p.folder; },
      "folder of the point's run, relative to that of this file");
  table.column<std::string, P>(
      "block", points, [](const P& p) { return p.block; },
      "block of the grid file; empty in a grid without blocks");
  table.column<std::string, P>(
      "setting", points, [&](const P& p) { return setting_of(record.options, p.values); },
      "options of the grid besides run.seed: the same text, the same setting under another "
      "network");
  table.column<int64_t, P>(
      "against", points, [](const P& p) { return p.stands.point; },
      "number of the point that it is compared with, under the same run.seed; -1: none");
  table.column<int64_t, P>(
      "control", points, [](const P& p) { return p.stands.control ? 1 : 0; },
      "1: that point differs in having no defense, and in nothing else");
  table.column<int64_t, P>(
      "defended", points, [](const P& p) { return p.stands.defended ? 1 : 0; },
      "1: hospitals defend their messages");
  table.column<std::string, P>(
      "answering", points, [](const P& p) { return p.answering; },
      "attacks whose options answer the defenses, which without any is all");
  table.column<int64_t, P>(
      "messages", points, [](const P& p) { return p.stands.messages; },
      "number of the first point with the same options besides run.seed and those of attacks: the "
      "same messages under the same run.seed");
  table.column<std::string, P>(
      "status", points, [](const P& p) { return p.status; },
      "complete, interrupted, failed, or open: not begun");
  table.column<int64_t, P>(
      "exit_code", points, [](const P& p) { return p.exit_code; }, "of the point's run; -1: open");
  table.column<std::string, P>(
      "error", points, [](const P& p) { return p.error; }, "message of a failed point");
  table.column<double, P>(
      "seconds", points, [](const P& p) { return p.seconds; }, "wall time spent on the point",
      "second");
  TableWriter options(file, "/points/options", "point");
  for (size_t i = 0; i < record.options.size(); ++i)
    options.column<std::string, P>(
        record.options[i], points, [i](const P& p) { return p.values[i]; },
        "value of the option; empty where the point's block does not set it");
}

void write_links(h5::File* file, const SweepRecord& record) {
  file->make_group("/runs");
  for (size_t i = 0; i < record.points.size(); ++i)
    if (record.points[i].has_run)
      file->write_link(fmt::format("/runs/{:05}", i), record.points[i].folder + "/run.h5", "/");
}

// Adds what attacks identified over networks, which takes a look at every run. A run that cannot be
// read costs these tables and not the index.
void write_findings_of_runs(h5::File* file) {
  SweepFindings findings;
  try {
    findings = find_in_runs(*file);
  } catch (const FormatError& error) {
    log_warning(fmt::format("the shares of identified images over networks are not in sweep.h5: {}",
                            error.what()));
    return;
  }
  write_findings(file, findings);
}

}  // namespace

void write_sweep(const std::string& folder, const SweepRecord& record) {
  // Several merges may be at work at once.
  const std::string partial = partial_name(folder + "/sweep.h5");
  try {
    h5::File file = h5::File::create(partial);
    write_root(&file, record);
    write_config_group(&file, record.config);
    file.write_text("/grid/text", record.grid, {"the grid file", "1", {}});
    write_points(&file, record);
    write_links(&file, record);
    if (record.status != "running") write_findings_of_runs(&file);
    h5::label_axes(&file);
    file.close();
  } catch (const FormatError& error) {
    std::remove(partial.c_str());
    throw OutputError(fmt::format("cannot write {}/sweep.h5: {}", folder, error.what()));
  }
  publish_file(partial, folder + "/sweep.h5");
}

}  // namespace medpfl
