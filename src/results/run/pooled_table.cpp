#include "results/run/pooled_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "privacy/identification_bound.hpp"
#include "results/run/privacy_summary.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {
namespace {

const std::string kGroup = "/pooled";

// The columns of one type: how each is named and described, and its field.
template <class T>
struct Column {
  const char* name;
  std::function<T&(PooledShare&)> field;
  const char* text;
  const char* unit = "1";
};

const std::vector<Column<std::string>>& texts() {
  static const std::vector<Column<std::string>> columns = {
      {"setting", [](PooledShare& p) -> std::string& { return p.setting; },
       "options of the grid besides run.seed, as /points/setting has them"},
      {"method", [](PooledShare& p) -> std::string& { return p.method; }, "attack"},
      {"kind", [](PooledShare& p) -> std::string& { return p.kind; }, "update | probe | sum"},
      {"claim", [](PooledShare& p) -> std::string& { return p.claim; },
       "what epsilon is of, and what it leaves out; empty where the points claim none"}};
  return columns;
}

const std::vector<Column<double>>& reals() {
  static const std::vector<Column<double>> columns = {
      {"share", [](PooledShare& p) -> double& { return p.share.value; },
       "share of identified images under all networks"},
      {"low", [](PooledShare& p) -> double& { return p.share.low; },
       "lower limit of its interval of 95 %, or of the range over networks"},
      {"high", [](PooledShare& p) -> double& { return p.share.high; }, "upper limit"},
      {"effective", [](PooledShare& p) -> double& { return p.share.effective; },
       "independent outcomes that those seen are worth", "image"},
      {"identified_bound", [](PooledShare& p) -> double& { return p.identified_bound; },
       "mean over images of an upper bound on the probability that anyone identifies them"},
      {"epsilon", [](PooledShare& p) -> double& { return p.epsilon; },
       "greatest epsilon of the points after their last rounds"},
      {"identification_bound", [](PooledShare& p) -> double& { return p.identification_bound; },
       "greatest /rounds/identification_bound of the points after their last rounds"}};
  return columns;
}

const std::vector<Column<int64_t>>& counts() {
  static const std::vector<Column<int64_t>> columns = {
      {"images", [](PooledShare& p) -> int64_t& { return p.share.images; }, "distinct images",
       "image"},
      {"clusters", [](PooledShare& p) -> int64_t& { return p.share.clusters; },
       "groups of images that depend on each other"},
      {"networks", [](PooledShare& p) -> int64_t& { return p.share.networks; },
       "networks: points of the setting, each with a run.seed of its own"}};
  return columns;
}

template <class T>
void write_columns(TableWriter* table, std::vector<PooledShare> rows,
                   const std::vector<Column<T>>& columns) {
  for (const Column<T>& column : columns) {
    std::vector<T> values;
    for (PooledShare& row : rows) values.push_back(column.field(row));
    table->column(column.name, values, column.text, column.unit);
  }
}

template <class T>
void read_columns(const h5::File& sweep, const std::vector<Column<T>>& columns,
                  std::vector<PooledShare>* rows) {
  for (const Column<T>& column : columns) {
    const auto values = sweep.read<T>(kGroup + "/" + column.name);
    for (size_t i = 0; i < rows->size(); ++i) column.field(rows->at(i)) = values[i];
  }
}

std::string limits(const Share& s) {
  return fmt::format("{:.0f} to {:.0f}%{}", 100 * s.low, 100 * s.high, s.inferred ? "" : " range");
}

// What is claimed, and what that covers.
std::string claims_text(const std::vector<PooledShare>& shares) {
  std::set<std::string> claims;
  bool weak = false;
  for (const PooledShare& p : shares) {
    if (!p.claim.empty()) claims.insert(p.claim);
    weak = weak || p.epsilon >= kWeakEpsilon;
  }
  if (claims.empty()) return "";
  std::string out = fmt::format(
      "at most: no attack is expected to identify more of these images, by the noise that epsilon "
      "counts. 1 of {}:\nwhoever names one image among so many is right with at most this "
      "probability (without updates: {:.1f}%).\n",
      kBoundCandidates, 100.0 / kBoundCandidates);
  for (const std::string& claim : claims) out += "epsilon: " + claim + "\n";
  return out + kAdjacencyLine +
         (weak ? weak_epsilon_line() + " The bounds beside it say what it allows.\n" : "");
}

}  // namespace

void write_pooled(h5::File* sweep, const std::vector<PooledShare>& shares) {
  TableWriter table(sweep, kGroup, "pooled");
  write_columns(&table, shares, texts());
  write_columns(&table, shares, reals());
  write_columns(&table, shares, counts());
  table.column<int64_t, PooledShare>(
      "inferred", shares, [](const PooledShare& p) { return p.share.inferred ? 1 : 0; },
      "1: low and high are an interval of 95 %; 0: the range over networks");
  sweep->write_attribute(kGroup + "/identification_bound", "candidates", kBoundCandidates);
  sweep->write_attribute(kGroup + "/epsilon", "weak_from", kWeakEpsilon);
}

std::vector<PooledShare> pooled_shares(const h5::File& sweep) {
  if (!sweep.exists(kGroup)) return pool_networks(sweep);
  const auto inferred = sweep.read<int64_t>(kGroup + "/inferred");
  std::vector<PooledShare> rows(inferred.size());
  read_columns(sweep, texts(), &rows);
  read_columns(sweep, reals(), &rows);
  read_columns(sweep, counts(), &rows);
  for (size_t i = 0; i < rows.size(); ++i) rows[i].share.inferred = inferred[i] != 0;
  return rows;
}

std::string describe_pooled(const std::vector<PooledShare>& shares) {
  if (shares.empty()) return "";
  const bool claimed = std::any_of(shares.begin(), shares.end(),
                                   [](const PooledShare& p) { return !std::isnan(p.epsilon); });
  std::string out = fmt::format("\nIdentified images\n{:<20} {:<6} {:>8} {:>6} {:>10} {:>16}",
                                "attack", "of", "networks", "images", "identified", "95 %");
  if (claimed)
    out += fmt::format(" {:>8} {:>8} {:>9}", "at most", "epsilon",
                       fmt::format("1 of {}", kBoundCandidates));
  out += "  at\n";
  for (const PooledShare& p : shares) {
    out += fmt::format("{:<20} {:<6} {:>8} {:>6} {:>9.0f}% {:>16}", p.method, p.kind,
                       p.share.networks, p.share.images, 100 * p.share.value, limits(p.share));
    if (claimed)
      out += fmt::format(" {:>8} {:>8} {:>9}", percent_at_most(p.identified_bound),
                         std::isnan(p.epsilon) ? "-" : fmt::format("{:.4g}", p.epsilon),
                         percent_at_most(p.identification_bound));
    out += fmt::format("  {}\n", p.setting.empty() ? "the base configuration" : p.setting);
  }
  return out +
         fmt::format(
             "Each run.seed is another network. Below {} networks there is no interval: the "
             "range is that of the shares under each.\n",
             kFewestNetworks) +
         claims_text(shares);
}

}  // namespace medpfl
