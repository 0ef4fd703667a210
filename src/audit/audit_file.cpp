#include "audit/audit_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <limits>

#include "core/error.hpp"
#include "h5/axes.hpp"
#include "results/folder/durable_file.hpp"
#include "results/run/run_tables.hpp"
#include "results/run/schema.hpp"

namespace medpfl {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

void write_root(h5::File* file, const AuditRecord& record) {
  write_head(file, {kAuditFileType,
                    {kAuditSchemaMajor, kAuditSchemaMinor},
                    static_cast<long long>(std::time(nullptr)),
                    record.status});
  file->write_attribute("/", "minutes", record.minutes);
  file->write_attribute("/", "evaluations_update", record.budget.of_update);
  file->write_attribute("/", "evaluations_probe", record.budget.of_probe);
  file->write_attribute("/", "federation", record.federation);
  file->write_attribute("/", "classes", record.classes);
  file->write_attribute("/", "networks", record.networks);
  file->write_attribute("/", "rehearsed_apart", int64_t{record.apart});
  file->write_attribute("/", "balanced_accuracy", record.final_accuracy);
  file->write_attribute("/", "network", record.network);
  for (const std::string kind : {"", "update", "probe"}) {
    const Verdict verdict = record.verdict(kind);
    const std::string name = kind.empty() ? "verdict" : "verdict_" + kind;
    file->write_attribute("/", name, word_of(verdict.finding));
    file->write_attribute("/", name + "_reason", verdict.reason);
  }
}

// The columns of a table whose rows are about stages of an audit.
template <class Row>
class Columns {
 public:
  template <class T>
  using Of = std::function<T(const Row&)>;
  template <class T>
  using OfLeak = std::function<T(const LeakNumbers&)>;

  Columns(h5::File* file, const std::string& group, const std::string& axis,
          const std::vector<Row>& rows)
      : table_(file, group, axis), rows_(rows) {}

  void text(const char* name, const Of<std::string>& of, const char* help) {
    table_.column<std::string, Row>(name, rows_, of, help);
  }
  void real(const char* name, const Of<double>& of, const char* help) {
    table_.column<double, Row>(name, rows_, of, help);
  }
  void count(const char* name, const Of<int64_t>& of, const char* help) {
    table_.column<int64_t, Row>(name, rows_, of, help);
  }
  void stage() {
    text(
        "kind", [](const Row& r) { return r.stage.kind(); },
        "kind of the messages: update | probe");
    count(
        "round", [](const Row& r) { return r.stage.round; }, "round of the messages");
  }
  void verdict(const char* help) {
    text(
        "verdict", [](const Row& r) { return word_of(r.verdict.finding); }, help);
    text(
        "verdict_reason", [](const Row& r) { return r.verdict.reason; },
        "why the verdict is as it is");
  }
  // What the attack on a row's messages found: 0 and NaN where there was none.
  void leak() {
    leak_count(
        "images", [](const LeakNumbers& l) { return l.images; },
        "images of the hospitals that were attacked, over all networks");
    leak_count(
        "hospitals", [](const LeakNumbers& l) { return l.hospitals; },
        "hospitals whose messages were attacked");
    leak_count(
        "clusters", [](const LeakNumbers& l) { return l.identified.clusters; },
        "groups of images that depend on each other");
    leak_real(
        "identified", [](const LeakNumbers& l) { return l.identified.value; },
        "share of the images that were identified");
    leak_real(
        "identified_low", [](const LeakNumbers& l) { return l.identified.low; },
        "lower limit of its interval of 95 %, or of the range over networks");
    leak_real(
        "identified_high", [](const LeakNumbers& l) { return l.identified.high; }, "upper limit");
    leak_count(
        "inferred", [](const LeakNumbers& l) { return l.identified.inferred; },
        "1: the limits are those of an interval of 95 %; 0: of the range over networks");
    leak_real(
        "reidentified", [](const LeakNumbers& l) { return l.reidentified; },
        "share of the images whose truth is the nearest candidate");
    leak_real(
        "ssim", [](const LeakNumbers& l) { return l.ssim; }, "mean SSIM over the images");
    leak_real(
        "chance", [](const LeakNumbers& l) { return l.chance; },
        "share that is identified without the messages");
    leak_real(
        "identified_bound", [](const LeakNumbers& l) { return l.bound; },
        "upper bound on the share that anyone identifies, by the noise that epsilon counts");
  }

 private:
  void leak_real(const char* name, const OfLeak<double>& of, const char* help) {
    real(
        name, [&](const Row& r) { return r.leak ? of(*r.leak) : kNone; }, help);
  }
  void leak_count(const char* name, const OfLeak<int64_t>& of, const char* help) {
    count(
        name, [&](const Row& r) { return r.leak ? of(*r.leak) : 0; }, help);
  }

  TableWriter table_;
  const std::vector<Row>& rows_;
};

void write_stages(h5::File* file, const std::vector<StageResult>& stages) {
  using S = StageResult;
  Columns<S> columns(file, "/stages", "stage", stages);
  columns.stage();
  columns.verdict("leaks | protects | inconclusive | not tested");
  const auto chosen = [](const S& s) { return s.chosen ? s.chosen->candidate : CandidateAttack(); };
  columns.text(
      "run", [](const S& s) { return s.attacks.empty() ? "" : s.attacks.front(); },
      "folder of the attack on the first network, below that of the audit; empty: none");
  columns.text(
      "candidate", [=](const S& s) { return chosen(s).name; },
      "what the rehearsal chose; empty: nothing applies");
  columns.text(
      "method", [=](const S& s) { return chosen(s).method; }, "its attack");
  columns.text(
      "options", [=](const S& s) { return chosen(s).describe(); }, "its options");
  columns.count(
      "evaluations", [](const S& s) { return s.evaluations; },
      "evaluations of the objective that an attack on a message may spend");
  columns.leak();
  columns.real(
      "undefended",
      [](const S& s) { return s.chosen && s.chosen->undefended ? *s.chosen->undefended : kNone; },
      "share of public images that the same attack identifies with the defense off");
  columns.real(
      "balanced_accuracy", [](const S& s) { return s.accuracy; },
      "of the model under attack, on test images that are not public; the mean over networks");
}

void write_candidates(h5::File* file, const std::vector<StageTrials>& stages) {
  struct Row {
    Stage stage;
    Tried tried;
    bool chosen = false;
  };
  using R = Row;
  std::vector<Row> rows;
  for (const StageTrials& s : stages)
    for (const Tried& tried : s.rehearsal.tried) {
      const auto& chosen = s.rehearsal.chosen;
      rows.push_back(
          {s.stage, tried, std::any_of(chosen.begin(), chosen.end(), [&](const Chosen& c) {
             return c.candidate.name == tried.candidate.name;
           })});
    }
  Columns<R> columns(file, "/candidates", "candidate", rows);
  columns.stage();
  columns.text(
      "candidate", [](const R& r) { return r.tried.candidate.name; }, "what was tried");
  columns.text(
      "method", [](const R& r) { return r.tried.candidate.method; }, "its attack");
  columns.text(
      "options", [](const R& r) { return r.tried.candidate.describe(); }, "its options");
  columns.count(
      "images", [](const R& r) { return r.tried.images; }, "public images it was tried on");
  columns.real(
      "identified", [](const R& r) { return r.tried.identified; },
      "share of these that it identified");
  columns.real(
      "reidentified", [](const R& r) { return r.tried.reidentified; },
      "share of these whose truth is the nearest candidate");
  columns.real(
      "ssim", [](const R& r) { return r.tried.ssim; }, "mean SSIM over these");
  columns.count(
      "chosen", [](const R& r) { return r.chosen; }, "1: it attacked the hospitals' messages");
}

void write_noise(h5::File* file, const std::vector<NoiseLevel>& levels) {
  using N = NoiseLevel;
  TableWriter table(file, "/noise", "level");
  table.column<double, N>(
      "epsilon", levels, [](const N& n) { return n.epsilon; }, "that dp-sgd would keep");
  table.column<double, N>(
      "sigma", levels, [](const N& n) { return n.sigma; },
      "its least constant noise, as a multiple of the clipping bound");
}

void write_presets(h5::File* file, const std::vector<StageTrials>& stages) {
  struct Row {
    Stage stage;
    std::string method;
    std::optional<LeakNumbers> leak;
    Verdict verdict;
  };
  std::vector<Row> rows;
  for (const StageTrials& s : stages)
    for (const PresetResult& preset : s.presets)
      rows.push_back({s.stage, preset.method, preset.leak, preset.verdict});
  Columns<Row> columns(file, "/presets", "preset", rows);
  columns.stage();
  columns.text(
      "method", [](const Row& r) { return r.method; }, "attack, at its defaults");
  columns.verdict("what this attack alone would have told, without a control");
  columns.leak();
}

// "network-1/judge/round-0-probe" is linked as round-0-probe-judge-network-1.
std::string link_name(const std::string& folder) {
  std::vector<std::string> parts;
  for (const auto& part : std::filesystem::path(folder)) parts.push_back(part.string());
  std::string name = parts.back();
  const std::string& kind = parts[parts.size() - 2];
  if (kind != "attack") name += "-" + kind;
  return parts.size() > 2 ? name + "-" + parts.front() : name;
}

}  // namespace

Verdict AuditRecord::verdict(const std::string& kind) const {
  std::vector<AttackVerdict> attacks;
  for (const StageResult& s : stages)
    if (kind.empty() || s.stage.kind() == kind)
      attacks.push_back({s.stage.name(),
                         s.leak ? s.leak->identified.low : 0,
                         {s.verdict.finding, fmt::format("{}s of round {}: {}", s.stage.kind(),
                                                         s.stage.round, s.verdict.reason)}});
  const Verdict found = together(strongest(std::move(attacks)));
  const bool sent = std::any_of(stages.begin(), stages.end(),
                                [](const StageResult& s) { return !s.stage.probes; });
  if (kind.empty() && found.finding == Finding::kProtects && !sent)
    return {Finding::kNotTested, "updates, which hospitals send, were left out; " + found.reason};
  return found;
}

void write_audit(const std::string& folder, const AuditRecord& record) {
  const std::string partial = partial_name(folder + "/audit.h5");
  try {
    h5::File file = h5::File::create(partial);
    write_root(&file, record);
    write_config_group(&file, record.config);
    write_stages(&file, record.stages);
    write_candidates(&file, record.trials);
    write_presets(&file, record.trials);
    write_noise(&file, record.noise);
    file.make_group("/runs");
    for (const StageResult& s : record.stages)
      for (size_t i = 0; i < s.attacks.size(); ++i)
        file.write_link("/runs/" + link_name(s.attacks[i]), s.attacks[i] + "/run.h5", "/");
    h5::label_axes(&file);
    file.close();
  } catch (const FormatError& error) {
    std::remove(partial.c_str());
    throw OutputError(fmt::format("cannot write {}/audit.h5: {}", folder, error.what()));
  }
  publish_file(partial, folder + "/audit.h5");
}

std::optional<AuditStart> find_audit(const std::string& folder) {
  const std::string path = folder + "/audit.h5";
  if (!std::filesystem::exists(path)) return std::nullopt;
  const h5::File file = h5::File::open(path);
  const auto one = [&](const char* name) { return file.read_integer_attribute("/", name).at(0); };
  if (!file.has_attribute("/", "filetype") ||
      file.read_text_attribute("/", "filetype") != kAuditFileType)
    throw FormatError(fmt::format("{}: is no audit of this program", path));
  return AuditStart{file.read_text("/config/resolved"),
                    {one("evaluations_update"), one("evaluations_probe")},
                    file.read_real_attribute("/", "minutes"),
                    file.has_attribute("/", "networks") ? one("networks") : 1,
                    file.has_attribute("/", "rehearsed_apart") && one("rehearsed_apart") != 0};
}

}  // namespace medpfl
