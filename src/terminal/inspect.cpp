#include "terminal/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "core/error.hpp"
#include "h5/file.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/privacy_summary.hpp"
#include "results/run/run_summary.hpp"
#include "results/run/schema.hpp"
#include "results/run/sweep_findings.hpp"
#include "terminal/audit_summary.hpp"
#include "terminal/json.hpp"

namespace medpfl {
namespace {

// A kind of file that `inspect` shows besides runs.
struct OtherFile {
  std::string name, type;
  int64_t major;
};
const OtherFile kSweep = {"sweep.h5", kSweepFileType, kSweepSchemaMajor};
const OtherFile kAudit = {"audit.h5", kAuditFileType, kAuditSchemaMajor};

// Returns the file of this kind at the path, or nothing where there is none.
std::optional<h5::File> find_other(const std::string& path, const OtherFile& kind) {
  const std::filesystem::path given(path);
  std::error_code error;
  const bool folder = std::filesystem::is_directory(given, error);
  if (folder && (std::filesystem::exists(given / "run.h5", error) ||
                 !std::filesystem::exists(given / kind.name, error)))
    return std::nullopt;
  h5::File file = h5::File::open(folder ? (given / kind.name).string() : path);
  if (!file.has_attribute("/", "filetype") ||
      file.read_text_attribute("/", "filetype") != kind.type)
    return std::nullopt;
  const auto version = file.read_integer_attribute("/", "schema_version");
  if (version.size() != 2 || version[0] != kind.major)
    throw FormatError(
        fmt::format("{}: schema version {} of {} is not supported, this program reads {}.x",
                    file.path(), version.empty() ? -1 : version[0], kind.type, kind.major));
  return file;
}

// Turns columns of a table into rows. Columns that the file lacks are left out.
class Rows {
 public:
  Rows(const h5::File& file, std::string group) : file_(file), group_(std::move(group)) {}

  template <class T>
  Rows& add(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (!file_.exists(group_ + "/" + name)) continue;
      const std::vector<T> column = file_.read<T>(group_ + "/" + name);
      rows_.resize(std::max(rows_.size(), column.size()));
      for (size_t i = 0; i < column.size(); ++i) rows_[i].emplace_back(name, Json(column[i]));
    }
    return *this;
  }

  Json json() const {
    std::vector<Json> out;
    for (const Json::Members& row : rows_) out.push_back(Json::row(row));
    return Json::list(out);
  }

 private:
  const h5::File& file_;
  std::string group_;
  std::vector<Json::Members> rows_;
};

Json::Members head(const h5::File& file) {
  Json::Members out = {{"file", file.path()}};
  for (const char* name : {"filetype", "status", "medpfl_version", "git_sha", "created_utc"})
    out.emplace_back(name, file.read_text_attribute("/", name));
  std::vector<Json> version;
  for (const int64_t part : file.read_integer_attribute("/", "schema_version"))
    version.emplace_back(part);
  out.emplace_back("schema_version", Json::list(version));
  return out;
}

Json run_json(const h5::File& run) {
  Json::Members out = head(run);
  const auto memory = run.read<int64_t>("/environment/peak_memory");
  out.emplace_back("dataset", run.read_text_attribute("/data", "dataset"));
  out.emplace_back("training_images", run.shape("/clients/labels")[0]);
  out.emplace_back("classes", run.shape("/clients/class_histogram")[1]);
  out.emplace_back("model", run.read_text_attribute("/model", "name"));
  out.emplace_back("parameters", run.read_integer_attribute("/model", "parameters")[0]);
  out.emplace_back("clients", run.shape("/clients/examples")[0]);
  out.emplace_back("ranks", static_cast<int64_t>(memory.size()));
  out.emplace_back("peak_memory",
                   memory.empty() ? Json() : Json(*std::max_element(memory.begin(), memory.end())));
  out.emplace_back("recorded_gradients", run.exists("/gradients/values")
                                             ? run.shape("/gradients/values")[0]
                                             : int64_t{0});
  if (run.has_attribute("/rounds", "chance"))
    out.emplace_back("chance", run.read_real_attribute("/rounds", "chance"));
  out.emplace_back(
      "rounds",
      Rows(run, "/rounds")
          .add<int64_t>({"round", "participants", "arrived"})
          .add<double>({"train_loss", "accuracy", "balanced_accuracy", "balanced_accuracy_low",
                        "balanced_accuracy_high", "auroc", "epsilon", "epsilon_classic",
                        "identification_bound", "identification_bound_present"})
          .add<std::string>({"network"})
          .json());
  if (const auto claim = privacy_claim(run))
    out.emplace_back(
        "privacy",
        Json::object({{"epsilon", claim->epsilon},
                      {"epsilon_classic", claim->classic},
                      {"delta", claim->delta},
                      {"claim", claim->claim},
                      {"adjacency", "add/remove"},
                      {"candidates", claim->candidates},
                      {"identification_bound", claim->identification_bound},
                      {"identification_bound_present", claim->identification_bound_present},
                      {"epsilon_is_weak", int64_t{claim->weak()}}}));
  if (run.exists("/attacks/summary") && run.has_attribute("/attacks/summary", "verdict"))
    out.emplace_back(
        "verdict",
        Json::object({{"finding", run.read_text_attribute("/attacks/summary", "verdict")},
                      {"reason", run.read_text_attribute("/attacks/summary", "verdict_reason")}}));
  Rows leaks(run, "/attacks/summary");
  leaks.add<std::string>({"method", "kind", "verdict", "verdict_reason"})
      .add<int64_t>(
          {"round", "images", "tasks", "diverged", "vanished", "hospitals", "near_duplicated"})
      .add<double>(leak_statistics());
  out.emplace_back("attacks", leaks.json());
  std::vector<Json> left_out;
  for (const std::string& line : not_tested(run)) left_out.emplace_back(line);
  out.emplace_back("not_tested", Json::list(left_out));
  return Json::object(out);
}

std::string limits_of(const Estimate& estimate) {
  return estimate.inferred ? "95 %" : "range over networks";
}

Json sweep_json(const h5::File& sweep) {
  Json::Members out = head(sweep);
  out.emplace_back("points", Rows(sweep, "/points")
                                 .add<std::string>({"folder", "block", "status"})
                                 .add<int64_t>({"exit_code"})
                                 .add<std::string>({"error"})
                                 .add<double>({"seconds"})
                                 .json());
  std::vector<Json> shares;
  const SweepFindings findings = sweep_findings(sweep);
  for (const PooledShare& p : findings.shares)
    shares.push_back(Json::row({{"setting", p.setting},
                                {"method", p.method},
                                {"kind", p.kind},
                                {"networks", p.share.networks},
                                {"images", p.share.images},
                                {"hospitals", p.hospitals},
                                {"identified", p.share.value},
                                {"low", p.share.low},
                                {"high", p.share.high},
                                {"limits", limits_of(p.share)},
                                {"effective", p.share.effective},
                                {"chance", p.chance},
                                {"undefended", p.undefended},
                                {"attacks", p.attacks},
                                {"verdict", p.verdict},
                                {"verdict_reason", p.verdict_reason},
                                {"identified_bound", p.identified_bound},
                                {"epsilon", p.epsilon},
                                {"identification_bound", p.identification_bound},
                                {"claim", p.claim},
                                {"epsilon_is_weak", int64_t{p.epsilon >= kWeakEpsilon}}}));
  out.emplace_back("identified", Json::list(shares));
  std::vector<Json> differences;
  for (const PooledDifference& d : findings.differences)
    differences.push_back(Json::row({{"setting", d.setting},
                                     {"against", d.against},
                                     {"control", int64_t{d.control}},
                                     {"method", d.method},
                                     {"kind", d.kind},
                                     {"networks", d.difference.networks},
                                     {"images", d.difference.images},
                                     {"unpaired", d.unpaired},
                                     {"difference", d.difference.value},
                                     {"low", d.difference.low},
                                     {"high", d.difference.high},
                                     {"limits", limits_of(d.difference)},
                                     {"effective", d.difference.effective}}));
  out.emplace_back("differences", Json::list(differences));
  return Json::object(out);
}

Json audit_json(const h5::File& audit) {
  Json::Members out = head(audit);
  out.emplace_back("verdict",
                   Json::object({{"finding", audit.read_text_attribute("/", "verdict")},
                                 {"reason", audit.read_text_attribute("/", "verdict_reason")}}));
  out.emplace_back("classes", audit.read_integer_attribute("/", "classes").at(0));
  out.emplace_back("networks", audited_networks(audit));
  out.emplace_back("balanced_accuracy", audit.read_real_attribute("/", "balanced_accuracy"));
  if (audit.has_attribute("/", "network"))
    out.emplace_back("network", audit.read_text_attribute("/", "network"));
  out.emplace_back(
      "stages",
      Rows(audit, "/stages")
          .add<std::string>({"kind", "verdict", "verdict_reason", "candidate", "method", "options"})
          .add<int64_t>({"round", "evaluations", "images", "hospitals", "clusters", "inferred"})
          .add<double>({"identified", "identified_low", "identified_high", "reidentified", "ssim",
                        "chance", "identified_bound", "undefended", "balanced_accuracy"})
          .json());
  out.emplace_back("candidates", Rows(audit, "/candidates")
                                     .add<std::string>({"kind", "candidate", "method", "options"})
                                     .add<int64_t>({"round", "images", "chosen"})
                                     .add<double>({"identified", "reidentified", "ssim"})
                                     .json());
  out.emplace_back("presets",
                   Rows(audit, "/presets")
                       .add<std::string>({"kind", "method", "verdict", "verdict_reason"})
                       .add<int64_t>({"round", "images", "hospitals", "clusters", "inferred"})
                       .add<double>({"identified", "identified_low", "identified_high",
                                     "reidentified", "ssim", "chance", "identified_bound"})
                       .json());
  return Json::object(out);
}

std::string sweep_text(const h5::File& sweep) {
  const auto folder = sweep.read<std::string>("/points/folder");
  const auto status = sweep.read<std::string>("/points/status");
  const auto error = sweep.read<std::string>("/points/error");
  std::map<std::string, int> count;
  std::string points;
  for (size_t i = 0; i < folder.size(); ++i) {
    ++count[status[i]];
    points +=
        fmt::format("  {}  {}{}\n", folder[i], status[i], error[i].empty() ? "" : ": " + error[i]);
  }
  std::string counts;
  for (const auto& [name, points_with] : count) counts += fmt::format(", {} {}", points_with, name);
  return fmt::format("MedPFL sweep, status {}, written by {} ({}) on {}\n{} points{}\n{}",
                     sweep.read_text_attribute("/", "status"),
                     sweep.read_text_attribute("/", "medpfl_version"),
                     sweep.read_text_attribute("/", "git_sha"),
                     sweep.read_text_attribute("/", "created_utc"), folder.size(), counts, points) +
         describe_findings(sweep_findings(sweep));
}

}  // namespace

std::string inspect_as_text(const std::string& path) {
  if (const auto sweep = find_other(path, kSweep)) return sweep_text(*sweep);
  if (const auto audit = find_other(path, kAudit)) return summarize_audit(*audit);
  return summarize_run(path);
}

std::string inspect_as_json(const std::string& path) {
  if (const auto sweep = find_other(path, kSweep)) return sweep_json(*sweep).text() + "\n";
  if (const auto audit = find_other(path, kAudit)) return audit_json(*audit).text() + "\n";
  return run_json(open_run(path)).text() + "\n";
}

}  // namespace medpfl
