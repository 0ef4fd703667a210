#include "results/run/leak_group.hpp"

#include <fmt/format.h>

#include "results/run/run_tables.hpp"

namespace medpfl {
namespace {

const std::string kGroup = "/attacks/summary";

struct RealColumn {
  std::string name;
  double LeakSummary::*member;
  std::string text, unit = "1";
};

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
      {"objective", &LeakSummary::objective, "median over tasks"},
      {"matching_loss", &LeakSummary::matching_loss, "median over tasks that have one"},
      {"iterations", &LeakSummary::iterations, "median over tasks"},
      {"evaluations", &LeakSummary::evaluations, "median over tasks"},
      {"seconds", &LeakSummary::seconds, "median over tasks", "second"}};
  return columns;
}

}  // namespace

void write_leaks(h5::File* file, const std::vector<LeakRow>& rows) {
  using L = LeakRow;
  TableWriter table(file, kGroup, "leak");
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
  for (const RealColumn& column : real_columns())
    table.column<double, L>(
        column.name, rows, [&](const L& l) { return l.leak.*column.member; }, column.text,
        column.unit);
}

std::vector<std::string> leak_statistics() {
  std::vector<std::string> names;
  for (const RealColumn& column : real_columns()) names.push_back(column.name);
  return names;
}

std::string leak_table(const h5::File& run) {
  if (!run.exists(kGroup))
    return "an earlier version wrote this run, without /attacks/summary: its scores are in "
           "/attacks/images\n";
  const auto method = run.read<std::string>(kGroup + "/method");
  const auto kind = run.read<std::string>(kGroup + "/kind");
  const auto round = run.read<int64_t>(kGroup + "/round");
  const auto images = run.read<int64_t>(kGroup + "/images");
  const auto real = [&](const char* name) { return run.read<double>(kGroup + "/" + name); };
  const auto psnr = real("psnr"), psnr_20 = real("success_psnr_20"), ssim = real("ssim"),
             ssim_50 = real("success_ssim_50"), ssim_70 = real("success_ssim_70"),
             ssim_90 = real("success_ssim_90"), labels = real("label_accuracy"),
             found = real("reidentified"), evaluations = real("evaluations"),
             seconds = real("seconds");
  std::string out = fmt::format(
      "{:<20} {:<6} {:>6} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10} {:>11} {:>8}\n",
      "attack", "of", "images", "PSNR dB", ">= 20 dB", "SSIM", "ASR .5", "ASR .7", "ASR .9",
      "labels", "re-identif", "evaluations", "s/task");
  for (size_t i = 0; i < method.size(); ++i)
    if (round[i] == kAllRounds)
      out += fmt::format(
          "{:<20} {:<6} {:>6} {:>9.2f} {:>8.0f}% {:>8.3f} {:>7.0f}% {:>7.0f}% {:>7.0f}% {:>7.0f}% "
          "{:>9.0f}% {:>11.0f} {:>8.2f}\n",
          method[i], kind[i], images[i], psnr[i], 100 * psnr_20[i], ssim[i], 100 * ssim_50[i],
          100 * ssim_70[i], 100 * ssim_90[i], 100 * labels[i], 100 * found[i], evaluations[i],
          seconds[i]);
  return out +
         "PSNR, SSIM, evaluations and seconds: medians over what the attacker chose among "
         "restarts, "
         "by its own objective.\n";
}

}  // namespace medpfl
