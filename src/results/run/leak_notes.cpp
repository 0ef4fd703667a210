#include "results/run/leak_notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/text.hpp"
#include "metrics/look_alikes.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/privacy_summary.hpp"

namespace medpfl {
namespace {

// The rows of all rounds together.
class Rows {
 public:
  explicit Rows(const h5::File& run) : run_(run), round_(run.read<int64_t>(path("round"))) {}

  bool has(const char* column) const { return run_.exists(path(column)); }
  template <class T>
  std::vector<T> read(const char* column) const {
    const auto all = run_.read<T>(path(column));
    std::vector<T> out;
    for (size_t i = 0; i < round_.size(); ++i)
      if (round_[i] == kAllRounds) out.push_back(all[i]);
    return out;
  }

 private:
  static std::string path(const char* column) { return std::string("/attacks/summary/") + column; }

  const h5::File& run_;
  std::vector<int64_t> round_;
};

// "24", or "24 to 256" where the rows differ.
std::string range(const std::vector<double>& values, int digits) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const std::string low = fmt::format("{:.{}f}", *least, digits);
  const std::string high = fmt::format("{:.{}f}", *most, digits);
  return low == high ? low : low + " to " + high;
}

// "of 4 hospitals", by the attack on most; "" for sums, and for files before schema 1.5.
std::string of_hospitals(const Rows& rows) {
  if (!rows.has("hospitals")) return "";
  const auto each = rows.read<int64_t>("hospitals");
  const int64_t most = *std::max_element(each.begin(), each.end());
  if (most == 0) return "";
  return " of " + counted(most, "hospital");
}

// A file of schema 1.3 has no column `chance`.
std::string what_is_identified(const Rows& rows) {
  const auto candidates = rows.read<double>("candidates");
  std::vector<double> chance;
  for (const double k : candidates) chance.push_back(100 / k);
  if (rows.has("chance")) {
    chance = rows.read<double>("chance");
    for (double& share : chance) share *= 100;
  }
  return fmt::format(
      "Identified: of {} candidates the private image is nearest to its reconstruction by mean "
      "squared error (chance: {}%),\nand the reconstruction is more like it (SSIM) than the mean "
      "public image is. The interval is about images{} under this\nnetwork alone.\n",
      range(candidates, 0), range(chance, 1), of_hospitals(rows));
}

std::string what_is_no_attack(const std::vector<std::string>& methods) {
  const auto has = [&](const std::string& method) {
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  };
  std::string out;
  if (has(kPublicMean))
    out += fmt::format("{} is no attack: it takes the mean public image for each private one.\n",
                       kPublicMean);
  if (has(kPublicNearest))
    out += fmt::format(
        "{} is no attack: it takes for each private image the public one most like it (least mean "
        "squared error),\nwhich only an oracle can choose, who is told the private image. It shows "
        "what resembles an image that has not leaked.\n",
        kPublicNearest);
  return out;
}

// One line for each kind of message whose images have any.
std::string near_duplicates(const Rows& rows, const std::vector<std::string>& methods) {
  if (!rows.has("near_duplicated")) return "";
  const auto kinds = rows.read<std::string>("kind");
  const auto images = rows.read<int64_t>("images"), near = rows.read<int64_t>("near_duplicated");
  std::string out;
  for (size_t i = 0; i < methods.size(); ++i)
    // This row has each image once.
    if (methods[i] == kPublicMean && near[i] > 0)
      out += fmt::format(
          "{} of {} images of {}s have near-duplicates (SSIM of {} or more) among the candidates: "
          "they may be missed, or taken\nfor one another.\n",
          near[i], images[i], kinds[i], kNearDuplicateSsim);
  return out;
}

std::string bounds(const Rows& rows, const std::vector<std::string>& methods) {
  if (!rows.has("identified_bound")) return "";
  const auto kinds = rows.read<std::string>("kind");
  const auto bound = rows.read<double>("identified_bound"),
             low = rows.read<double>("identified_low");
  std::string out;
  for (size_t i = 0; i < methods.size(); ++i)
    if (!std::isnan(bound[i]))
      out += fmt::format(
          "{} of {}: no attack is expected to identify more than {} of these images, by the noise "
          "that epsilon counts.{}\n",
          methods[i], kinds[i], percent_at_most(bound[i]),
          low[i] > bound[i]
              ? " The interval lies above: a sign of a defect in accounting or attack."
              : "");
  return out;
}

}  // namespace

std::string leak_notes(const h5::File& run) {
  const Rows rows(run);
  const auto methods = rows.read<std::string>("method");
  std::string out;
  // A file of schema 1.2 or older does not judge images.
  if (rows.has("identified") && !methods.empty())
    out += what_is_identified(rows) + what_is_no_attack(methods) + near_duplicates(rows, methods) +
           bounds(rows, methods);
  return out +
         "PSNR, SSIM, RDLV, evaluations and seconds: medians over what the attacker chose among "
         "restarts, by its own objective.\n";
}

}  // namespace medpfl
