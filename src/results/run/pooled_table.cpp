#include "results/run/pooled_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/text.hpp"
#include "privacy/identification_bound.hpp"
#include "results/run/privacy_summary.hpp"
#include "results/run/row_columns.hpp"

namespace medpfl {
namespace {

using P = PooledShare;

const RowColumns<P>& pooled_columns() {
  static const RowColumns<P> all = {
      {{"setting", [](P& p) -> std::string& { return p.setting; },
        "options of the grid besides run.seed, as /points/setting has them"},
       {"method", [](P& p) -> std::string& { return p.method; }, "attack"},
       {"kind", [](P& p) -> std::string& { return p.kind; }, "update | probe | sum"},
       {"claim", [](P& p) -> std::string& { return p.claim; },
        "what epsilon is of, and what it leaves out; empty where the points claim none"},
       {"verdict", [](P& p) -> std::string& { return p.verdict; },
        "leaks | protects | inconclusive | not tested, by limits that allow for `attacks`"},
       {"verdict_reason", [](P& p) -> std::string& { return p.verdict_reason; },
        "why the verdict is as it is"}},
      {{"share", [](P& p) -> double& { return p.share.value; },
        "share of identified images under all networks"},
       {"low", [](P& p) -> double& { return p.share.low; },
        "lower limit of its interval of 95 %, or of the range over networks"},
       {"high", [](P& p) -> double& { return p.share.high; }, "upper limit"},
       {"effective", [](P& p) -> double& { return p.share.effective; },
        "independent outcomes that those seen are worth", "image"},
       {"identified_bound", [](P& p) -> double& { return p.identified_bound; },
        "mean over images of an upper bound on the probability that anyone identifies them"},
       {"epsilon", [](P& p) -> double& { return p.epsilon; },
        "greatest epsilon of the points after their last rounds"},
       {"identification_bound", [](P& p) -> double& { return p.identification_bound; },
        "greatest /rounds/identification_bound of the points after their last rounds"},
       {"chance", [](P& p) -> double& { return p.chance; },
        "mean over images of the probability that one is identified without the messages"},
       {"undefended", [](P& p) -> double& { return p.undefended; },
        "share that the same attack identifies at the setting with the defense off"}},
      {{"images", [](P& p) -> int64_t& { return p.share.images; }, "distinct images", "image"},
       {"clusters", [](P& p) -> int64_t& { return p.share.clusters; },
        "groups of images that depend on each other"},
       {"hospitals", [](P& p) -> int64_t& { return p.hospitals; },
        "hospitals whose messages were attacked; 0: those of a sum", "hospital"},
       {"networks", [](P& p) -> int64_t& { return p.share.networks; },
        "networks: points of the setting, each with a run.seed of its own"},
       {"attacks", [](P& p) -> int64_t& { return p.attacks; },
        "attacks of the sweep on the same messages, each with options of its own"}},
      {{"inferred", [](P& p) -> bool& { return p.share.inferred; },
        "1: low and high are an interval of 95 %; 0: the range over networks"}}};
  return all;
}

std::string share_limits(const Share& s) {
  return percent_range(s.low, s.high) + (s.inferred ? "" : " range");
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

// What may be said of each setting, and why.
std::string verdicts_text(const std::vector<PooledShare>& shares) {
  std::string out;
  for (const PooledShare& p : shares)
    if (!p.verdict.empty())
      out += fmt::format("{:<12}  {} on {}s, {}: {}\n", p.verdict, p.method, p.kind,
                         name_of(p.setting), p.verdict_reason);
  return out.empty() ? "" : "\nVerdicts\n" + out;
}

}  // namespace

void write_pooled(h5::File* sweep, const std::vector<PooledShare>& shares) {
  TableWriter table(sweep, kPooledGroup, "pooled");
  pooled_columns().write(&table, shares);
  sweep->write_attribute(kPooledGroup + "/identification_bound", "candidates", kBoundCandidates);
  sweep->write_attribute(kPooledGroup + "/epsilon", "weak_from", kWeakEpsilon);
}

std::vector<PooledShare> read_pooled(const h5::File& sweep) {
  return pooled_columns().read(sweep, kPooledGroup);
}

std::string describe_pooled(const std::vector<PooledShare>& shares) {
  if (shares.empty()) return "";
  const bool claimed = std::any_of(shares.begin(), shares.end(),
                                   [](const PooledShare& p) { return !std::isnan(p.epsilon); });
  std::string out =
      fmt::format("\nIdentified images\n{:<20} {:<6} {:>8} {:>9} {:>6} {:>10} {:>16}", "attack",
                  "of", "networks", "hospitals", "images", "identified", "95 %");
  if (claimed)
    out += fmt::format(" {:>8} {:>8} {:>9}", "at most", "epsilon",
                       fmt::format("1 of {}", kBoundCandidates));
  out += "  at\n";
  for (const PooledShare& p : shares) {
    out += fmt::format("{:<20} {:<6} {:>8} {:>9} {:>6} {:>9.0f}% {:>16}", p.method, p.kind,
                       p.share.networks, p.hospitals > 0 ? std::to_string(p.hospitals) : "-",
                       p.share.images, 100 * p.share.value, share_limits(p.share));
    if (claimed)
      out += fmt::format(" {:>8} {:>8} {:>9}", percent_at_most(p.identified_bound),
                         std::isnan(p.epsilon) ? "-" : fmt::format("{:.4g}", p.epsilon),
                         percent_at_most(p.identification_bound));
    out += fmt::format("  {}\n", name_of(p.setting));
  }
  return out +
         fmt::format(
             "Each run.seed is another network. Below {} networks there is no interval: the "
             "range is that of the shares under each.\n",
             kFewestNetworks) +
         claims_text(shares) + verdicts_text(shares);
}

}  // namespace medpfl
