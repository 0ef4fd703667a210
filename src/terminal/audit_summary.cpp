#include "terminal/audit_summary.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <utility>

#include "core/text.hpp"
#include "metrics/share.hpp"
#include "results/run/privacy_summary.hpp"

namespace medpfl {
namespace {

std::string stage_table(const h5::File& audit) {
  const auto text = [&](const char* name) {
    return audit.read<std::string>(std::string("/stages/") + name);
  };
  const auto real = [&](const char* name) {
    return audit.read<double>(std::string("/stages/") + name);
  };
  const auto round = audit.read<int64_t>("/stages/round"),
             images = audit.read<int64_t>("/stages/images"),
             evaluations = audit.read<int64_t>("/stages/evaluations");
  const auto kind = text("kind"), verdict = text("verdict"), reason = text("verdict_reason"),
             candidate = text("candidate"), method = text("method"), options = text("options");
  const auto share = real("identified"), low = real("identified_low"),
             high = real("identified_high"), chance = real("chance"),
             bound = real("identified_bound"), off = real("undefended"),
             accuracy = real("balanced_accuracy");
  const auto near = audit.read_or<double>("/stages/reidentified", kind.size(), std::nan(""));
  constexpr const char* kRow =
      "{:<7} {:>5} {:>8}  {:<18} {:>11} {:>6} {:>10} {:>12} {:>8} {:>7} {:>11} {:>6}  {}\n";
  std::string out =
      fmt::format(kRow, "of", "round", "accuracy", "attack", "evaluations", "images", "identified",
                  "95 %", "nearest", "chance", "defense off", "bound", "verdict");
  std::string why;
  for (size_t i = 0; i < kind.size(); ++i) {
    out += fmt::format(kRow, kind[i], round[i], percent(accuracy[i]),
                       candidate[i].empty() ? "-" : candidate[i], evaluations[i], images[i],
                       percent(share[i]), percent_range(low[i], high[i]), percent(near[i]),
                       percent(chance[i]), percent(off[i]), percent_at_most(bound[i]), verdict[i]);
    why += fmt::format("  {}s of round {}: {}; {}\n", kind[i], round[i], verdict[i], reason[i]);
    if (!method[i].empty()) why += fmt::format("    by {} {}\n", method[i], options[i]);
  }
  return out + "\n" + why;
}

// What single attacks at their defaults found; "" where none was tried.
std::string preset_table(const h5::File& audit) {
  if (!audit.exists("/presets")) return "";
  const auto kind = audit.read<std::string>("/presets/kind"),
             method = audit.read<std::string>("/presets/method"),
             verdict = audit.read<std::string>("/presets/verdict");
  const auto round = audit.read<int64_t>("/presets/round"),
             images = audit.read<int64_t>("/presets/images");
  const auto share = audit.read<double>("/presets/identified"),
             low = audit.read<double>("/presets/identified_low"),
             high = audit.read<double>("/presets/identified_high"),
             near = audit.read<double>("/presets/reidentified"),
             ssim = audit.read<double>("/presets/ssim");
  if (kind.empty()) return "";
  constexpr const char* kRow = "{:<7} {:>5}  {:<18} {:>6} {:>10} {:>12} {:>8} {:>6}  {}\n";
  std::string out = "\nWhat single attacks at their defaults would have told\n";
  out += fmt::format(kRow, "of", "round", "attack", "images", "identified", "95 %", "nearest",
                     "SSIM", "verdict");
  for (size_t i = 0; i < kind.size(); ++i)
    out += fmt::format(kRow, kind[i], round[i], method[i], images[i], percent(share[i]),
                       percent_range(low[i], high[i]), percent(near[i]),
                       fmt::format("{:.2f}", ssim[i]), verdict[i]);
  return out;
}

// The model that the federation ends with. A file of schema 1.0 has no word for it beside chance.
std::string audited_model(const h5::File& audit) {
  const auto classes = static_cast<double>(audit.read_integer_attribute("/", "classes").at(0));
  const std::string network =
      audit.has_attribute("/", "network") ? audit.read_text_attribute("/", "network") : "";
  return fmt::format("the model at the end: balanced accuracy {} (chance {}){}\n\n",
                     percent(audit.read_real_attribute("/", "balanced_accuracy")),
                     percent(1 / classes), network.empty() ? "" : ", " + network);
}

// Whether the attacks were chosen under a network that was not attacked.
bool rehearsed_apart(const h5::File& audit) {
  const std::string name = "rehearsed_apart";
  return audit.has_attribute("/", name) && audit.read_integer_attribute("/", name).at(0) != 0;
}

// How the attacks were chosen.
std::string describe_choice(const h5::File& audit) {
  const auto kind = audit.read<std::string>("/stages/kind");
  const auto round = audit.read<int64_t>("/stages/round");
  std::set<std::pair<std::string, int64_t>> stages;
  for (size_t i = 0; i < kind.size(); ++i) stages.emplace(kind[i], round[i]);
  return fmt::format(
      "\nEach attack is the one of /candidates that served best on public images, by their own "
      "truth{}.{}\n",
      rehearsed_apart(audit) ? ", under a network of their own, which was not attacked" : "",
      stages.size() == kind.size() ? ""
                                   : " Of two on the same messages, the second served best with "
                                     "the defense off.");
}

// What the limits of shares are about.
std::string describe_networks(int64_t networks) {
  if (networks == 1) return "The intervals are about images under this network alone.\n";
  if (networks < kFewestNetworks)
    return fmt::format(
        "The limits are those of the range over {} networks: with fewer than {} "
        "nothing is inferred about others.\n",
        networks, kFewestNetworks);
  return fmt::format("The intervals are about images and networks ({} were attacked).\n", networks);
}

}  // namespace

int64_t audited_networks(const h5::File& audit) {
  return audit.has_attribute("/", "networks") ? audit.read_integer_attribute("/", "networks").at(0)
                                              : 1;
}

std::string summarize_audit(const h5::File& audit) {
  const auto line = [&](const std::string& what, const std::string& name) {
    return fmt::format("{:<34} {}; {}\n", what, audit.read_text_attribute("/", name),
                       audit.read_text_attribute("/", name + "_reason"));
  };
  return fmt::format("MedPFL audit, status {}, written by {} ({}) on {}\n\n{}\n",
                     audit.read_text_attribute("/", "status"),
                     audit.read_text_attribute("/", "medpfl_version"),
                     audit.read_text_attribute("/", "git_sha"),
                     audit.read_text_attribute("/", "created_utc"),
                     line("verdict", "verdict") +
                         line("on updates, which are sent", "verdict_update") +
                         line("on probes, gradients of a batch", "verdict_probe")) +
         audited_model(audit) + stage_table(audit) + preset_table(audit) + describe_choice(audit) +
         describe_networks(audited_networks(audit));
}

}  // namespace medpfl
