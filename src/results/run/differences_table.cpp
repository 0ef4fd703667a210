#include "results/run/differences_table.hpp"

#include <fmt/format.h>

#include <cmath>

#include "results/run/row_columns.hpp"

namespace medpfl {
namespace {

using D = PooledDifference;

const RowColumns<D>& difference_columns() {
  static const RowColumns<D> all = {
      {{"setting", [](D& d) -> std::string& { return d.setting; },
        "options of the grid besides run.seed, as /points/setting has them"},
       {"against", [](D& d) -> std::string& { return d.against; },
        "setting that it is compared with"},
       {"method", [](D& d) -> std::string& { return d.method; }, "attack"},
       {"kind", [](D& d) -> std::string& { return d.kind; }, "update | probe | sum"}},
      {{"difference", [](D& d) -> double& { return d.difference.value; },
        "share of identified images at the setting less that at the other, on the same images"},
       {"low", [](D& d) -> double& { return d.difference.low; },
        "lower limit of its interval of 95 %, or of the range over networks"},
       {"high", [](D& d) -> double& { return d.difference.high; }, "upper limit"},
       {"effective", [](D& d) -> double& { return d.difference.effective; },
        "independent pairs that those seen are worth", "image"}},
      {{"images", [](D& d) -> int64_t& { return d.difference.images; }, "distinct images", "image"},
       {"clusters", [](D& d) -> int64_t& { return d.difference.clusters; },
        "groups of images that depend on each other"},
       {"networks", [](D& d) -> int64_t& { return d.difference.networks; },
        "networks that both settings attacked"},
       {"unpaired", [](D& d) -> int64_t& { return d.unpaired; },
        "images of either setting that the other did not attack in the same message", "image"}},
      {{"control", [](D& d) -> bool& { return d.control; },
        "1: the other setting differs in having no defense, and in nothing else"},
       {"inferred", [](D& d) -> bool& { return d.difference.inferred; },
        "1: low and high are an interval of 95 %; 0: the range over networks"}}};
  return all;
}

std::string signed_limits(const Estimate& d) {
  return fmt::format("{:+.0f} to {:+.0f}{}", 100 * d.low, 100 * d.high, d.inferred ? "" : " range");
}

}  // namespace

void write_differences(h5::File* sweep, const std::vector<PooledDifference>& rows) {
  TableWriter table(sweep, kDifferencesGroup, "difference");
  difference_columns().write(&table, rows);
}

std::vector<PooledDifference> read_differences(const h5::File& sweep) {
  return difference_columns().read(sweep, kDifferencesGroup);
}

std::string describe_differences(const std::vector<PooledDifference>& rows) {
  if (rows.empty()) return "";
  std::string out = fmt::format(
      "\nDifferences of identified images, the same images under the same networks\n{:<20} {:<6} "
      "{:>8} {:>6} {:>8} {:>6} {:>18}  at, against\n",
      "attack", "of", "networks", "images", "unpaired", "points", "95 %");
  for (const PooledDifference& d : rows)
    out += fmt::format("{:<20} {:<6} {:>8} {:>6} {:>8} {:>+6.0f} {:>18}  {}, against {}{}\n",
                       d.method, d.kind, d.difference.networks, d.difference.images, d.unpaired,
                       100 * d.difference.value, signed_limits(d.difference), name_of(d.setting),
                       name_of(d.against), d.control ? " (defense off)" : "");
  return out +
         "Each setting with a defense is compared with the same one with the defense off, where "
         "the "
         "sweep has it;\nall others with the first setting. Unpaired images were not attacked at "
         "both.\n";
}

}  // namespace medpfl
