#include "results/run/leak_group.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <utility>

#include "core/text.hpp"
#include "results/run/leak_notes.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {
namespace {

const std::string kSummaryGroup = "/attacks/summary";

struct RealColumn {
  template <class Member>
  RealColumn(std::string column, Member member, std::string help, std::string in = "1")
      : name(std::move(column)),
        value([member](const LeakSummary& leak) { return std::invoke(member, leak); }),
        text(std::move(help)),
        unit(std::move(in)) {}

  std::string name;
  std::function<double(const LeakSummary&)> value;
  std::string text, unit;
};

auto of_identified(double Share::*member) {
  return [member](const LeakSummary& leak) { return leak.identified.*member; };
}

const std::vector<RealColumn>& real_columns() {
  static const std::vector<RealColumn> columns = {
      {"mse", &LeakSummary::mse, "median of the mean squared error over images"},
      {"psnr", &LeakSummary::psnr, "median over images", "dB"},
      {"psnr_mean", &LeakSummary::psnr_mean, "mean over images", "dB"},
      {"ssim", &LeakSummary::ssim, "median over images"},
      {"ssim_mean", &LeakSummary::ssim_mean, "mean over images"},
      {"rdlv", &LeakSummary::rdlv, "median over images that have one"},
      {"success_psnr_20", &LeakSummary::psnr_20, "share of images with a PSNR of 20 dB or more"},
      {"success_ssim_50", &LeakSummary::ssim_50, "share of images with an SSIM of 0.5 or more"},
      {"success_ssim_70", &LeakSummary::ssim_70, "share of images with an SSIM of 0.7 or more"},
      {"success_ssim_90", &LeakSummary::ssim_90, "share of images with an SSIM of 0.9 or more"},
      {"label_accuracy", &LeakSummary::label_accuracy,
       "share of images whose class is among those inferred for the batch"},
      {"reidentified", &LeakSummary::reidentified,
       "share of images whose truth is the nearest candidate, of those with a known rank"},
      {"identified", of_identified(&Share::value),
       "share of images that are the nearest candidate to their reconstruction, which is more like "
       "them than the mean public image is"},
      {"identified_low", of_identified(&Share::low), "lower limit of its interval of 95 %"},
      {"identified_high", of_identified(&Share::high), "upper limit of its interval of 95 %"},
      {"identified_effective", of_identified(&Share::effective),
       "independent images that these are worth", "image"},
      {"chance", &LeakSummary::chance,
       "mean over images of the probability that one is identified without the messages"},
      {"identified_bound", &LeakSummary::identified_bound,
       "mean over images of an upper bound on the probability that anyone identifies them with all "
       "messages that epsilon covers"},
      {"candidates", &LeakSummary::candidates,
       "median over images of the number of candidates; chance finds one of them", "image"},
      {"objective", &LeakSummary::objective, "median over tasks"},
      {"matching_loss", &LeakSummary::matching_loss, "median over tasks that have one"},
      {"iterations", &LeakSummary::iterations, "median over tasks"},
      {"evaluations", &LeakSummary::evaluations, "median over tasks"},
      {"seconds", &LeakSummary::seconds, "median over tasks", "second"}};
  return columns;
}

// A dash for what is not a number.
std::string decimals(double value, int digits) {
  return std::isnan(value) ? "-" : fmt::format("{:.{}f}", value, digits);
}

}  // namespace

Verdict verdict_of(const std::vector<LeakRow>& rows, const MessageKinds& untested) {
  std::vector<AttackVerdict> attacks;
  for (const LeakRow& row : rows)
    if (row.round == kAllRounds && row.verdict)
      attacks.push_back({row.kind,
                         row.leak.identified.low,
                         {row.verdict->finding, fmt::format("{} on {}s: {}", row.method, row.kind,
                                                            row.verdict->reason)}});
  std::vector<Verdict> messages = strongest(std::move(attacks));
  if (untested.updates) messages.push_back({Finding::kNotTested, "no attack was run on updates"});
  if (untested.probes) messages.push_back({Finding::kNotTested, "no attack was run on probes"});
  return together(messages);
}

void write_leaks(h5::File* file, const std::vector<LeakRow>& rows, const MessageKinds& untested) {
  using L = LeakRow;
  TableWriter table(file, kSummaryGroup, "leak");
  table.column<std::string, L>(
      "method", rows, [](const L& l) { return l.method; }, "attack");
  table.column<std::string, L>(
      "kind", rows, [](const L& l) { return l.kind; }, "update | probe | sum");
  table.column<int64_t, L>(
      "round", rows, [](const L& l) { return l.round; }, "round attacked; -1: all together");
  table.column<int64_t, L>(
      "images", rows, [](const L& l) { return l.leak.images; },
      "images of the tasks that the attacker chose", "image");
  table.column<int64_t, L>(
      "tasks", rows, [](const L& l) { return l.leak.tasks; }, "tasks that the attacker chose");
  table.column<int64_t, L>(
      "diverged", rows, [](const L& l) { return l.leak.diverged; },
      "of these, those that diverged");
  table.column<int64_t, L>(
      "vanished", rows, [](const L& l) { return l.leak.vanished; },
      "of these, those that attacked a vanished gradient");
  table.column<int64_t, L>(
      "hospitals", rows, [](const L& l) { return l.leak.hospitals; },
      "hospitals whose messages were attacked; 0: those of a sum, or no attack", "hospital");
  table.column<int64_t, L>(
      "clusters", rows, [](const L& l) { return l.leak.identified.clusters; },
      "groups of images that depend on each other: hospitals, or messages where every hospital "
      "holds a random draw of the same images");
  table.column<int64_t, L>(
      "near_duplicated", rows, [](const L& l) { return l.leak.near_duplicated; },
      "images with near-duplicates among the candidates", "image");
  table.column<std::string, L>(
      "verdict", rows, [](const L& l) { return l.verdict ? word_of(l.verdict->finding) : ""; },
      "leaks | protects | inconclusive | not tested; empty without an attack");
  table.column<std::string, L>(
      "verdict_reason", rows, [](const L& l) { return l.verdict ? l.verdict->reason : ""; },
      "why the verdict is as it is");
  for (const RealColumn& column : real_columns())
    table.column<double, L>(
        column.name, rows, [&](const L& l) { return column.value(l.leak); }, column.text,
        column.unit);
  const Verdict verdict = verdict_of(rows, untested);
  file->write_attribute(kSummaryGroup, "verdict", word_of(verdict.finding));
  file->write_attribute(kSummaryGroup, "verdict_reason", verdict.reason);
}

std::vector<std::string> leak_statistics() {
  std::vector<std::string> names;
  for (const RealColumn& column : real_columns()) names.push_back(column.name);
  return names;
}

std::string leak_table(const h5::File& run) {
  if (!run.exists(kSummaryGroup))
    return "an earlier version wrote this run, without /attacks/summary: its scores are in "
           "/attacks/images\n";
  const auto method = run.read<std::string>(kSummaryGroup + "/method");
  const auto kind = run.read<std::string>(kSummaryGroup + "/kind");
  const auto round = run.read<int64_t>(kSummaryGroup + "/round");
  const auto images = run.read<int64_t>(kSummaryGroup + "/images");
  const auto real = [&](const char* name) { return run.read<double>(kSummaryGroup + "/" + name); };
  const auto psnr = real("psnr"), psnr_20 = real("success_psnr_20"), ssim = real("ssim"),
             rdlv = real("rdlv"), ssim_90 = real("success_ssim_90"),
             labels = real("label_accuracy"), evaluations = real("evaluations"),
             seconds = real("seconds");
  // A file of schema 1.2 or older has no verdict on images.
  const auto verdict = [&](const char* name) {
    return run.read_or<double>(kSummaryGroup + "/" + name, method.size(), std::nan(""));
  };
  const auto share = verdict("identified"), low = verdict("identified_low"),
             high = verdict("identified_high");
  // A file of schema 1.3 or older has no words for it.
  const auto word = run.read_or<std::string>(kSummaryGroup + "/verdict", method.size(), "");
  std::string out, kind_above;
  if (run.has_attribute(kSummaryGroup, "verdict"))
    out += fmt::format("verdict: {}; {}\n", run.read_text_attribute(kSummaryGroup, "verdict"),
                       run.read_text_attribute(kSummaryGroup, "verdict_reason"));
  for (size_t i = 0; i < method.size(); ++i) {
    if (round[i] != kAllRounds) continue;
    // A table for updates, and one for probes.
    if (kind[i] != kind_above)
      out += fmt::format(
          "{}{:<20} {:<6} {:>6} {:>10} {:>12} {:<12} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>11} "
          "{:>8}\n",
          kind_above.empty() ? "" : "\n", "attack", "of", "images", "identified", "95 %", "verdict",
          "PSNR dB", ">= 20 dB", "SSIM", "ASR .9", "RDLV", "labels", "evaluations", "s/task");
    kind_above = kind[i];
    out += fmt::format(
        "{:<20} {:<6} {:>6} {:>10} {:>12} {:<12} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>11} "
        "{:>8}\n",
        method[i], kind[i], images[i], percent(share[i]), percent_range(low[i], high[i]),
        word[i].empty() ? "-" : word[i], decimals(psnr[i], 2), percent(psnr_20[i]),
        decimals(ssim[i], 3), percent(ssim_90[i]), decimals(rdlv[i], 2), percent(labels[i]),
        decimals(evaluations[i], 0), decimals(seconds[i], 2));
  }
  return out + leak_notes(run);
}

}  // namespace medpfl
