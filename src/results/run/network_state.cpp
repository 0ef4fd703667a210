#include "results/run/network_state.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/text.hpp"
#include "metrics/chance.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
const std::string kUntrained = "untrained", kAtChance = "at chance",
                  kNotEvaluated = "not evaluated";

double balanced(const RoundRecord& r) {
  return r.evaluated ? r.utility.balanced_accuracy : kUnknown;
}

// Balanced accuracies on the test images of a run, which may have none: medpfl attack loads none.
class Judge {
 public:
  explicit Judge(const RunRecord& record) {
    if (!record.data->test_labels.empty()) chance_.emplace(record.data->test_labels);
  }
  double chance() const { return chance_ ? chance_->level() : kUnknown; }
  std::pair<double, double> interval(double accuracy) const {
    return knows(accuracy) ? chance_->interval(accuracy) : std::pair(kUnknown, kUnknown);
  }
  std::string word(double accuracy) const {
    if (!knows(accuracy)) return kNotEvaluated;
    return chance_->holds_for(accuracy) ? kAtChance : "above chance";
  }

 private:
  bool knows(double accuracy) const { return chance_ && !std::isnan(accuracy); }
  std::optional<Chance> chance_;
};

std::string attacked_line(const std::set<int>& rounds, const std::string& network) {
  const std::vector<int> ascending(rounds.begin(), rounds.end());
  return fmt::format("The network attacked in round{} {} was {}.\n", rounds.size() == 1 ? "" : "s",
                     format_ranges(ascending), network);
}

}  // namespace

void write_network_states(h5::File* run, const RunRecord& record) {
  const Judge judge(record);
  using R = RoundRecord;
  TableWriter table(run, "/rounds", "round");
  table.column<double, R>(
      "balanced_accuracy_low", record.rounds,
      [&](const R& r) { return judge.interval(balanced(r)).first; },
      "lower limit of the interval of 95 % of balanced_accuracy over test images");
  table.column<double, R>(
      "balanced_accuracy_high", record.rounds,
      [&](const R& r) { return judge.interval(balanced(r)).second; }, "upper limit");
  table.column<std::string, R>(
      "network", record.rounds, [&](const R& r) { return judge.word(balanced(r)); },
      "the global model after the round: above chance | at chance | not evaluated");
  run->write_attribute("/rounds", "chance", judge.chance());
}

std::vector<std::string> networks_before(const RunRecord& record,
                                         const std::vector<int64_t>& rounds) {
  const Judge judge(record);
  std::map<int64_t, std::string> before = record.networks;
  before[0] =
      record.inputs.weights.empty() ? kUntrained : judge.word(record.initial.balanced_accuracy);
  for (const RoundRecord& r : record.rounds) before[r.round + 1] = judge.word(balanced(r));
  std::vector<std::string> out;
  for (const int64_t round : rounds) {
    const auto known = before.find(round);
    out.push_back(known == before.end() ? kNotEvaluated : known->second);
  }
  return out;
}

std::string network_lines(const h5::File& run) {
  if (!run.exists("/attacks/tasks/network")) return "";
  std::string out;
  const auto accuracy = run.read<double>("/rounds/balanced_accuracy");
  if (!accuracy.empty() && !std::isnan(accuracy.back())) {
    const auto last = [&](const char* limit) {
      return percent(run.read<double>(std::string("/rounds/balanced_accuracy") + limit).back());
    };
    const bool useless = run.read<std::string>("/rounds/network").back() == kAtChance;
    out = fmt::format("Balanced accuracy after the last round: {} ({} to {}; chance is {}).{}\n",
                      last(""), last("_low"), last("_high"),
                      percent(run.read_real_attribute("/rounds", "chance")),
                      useless ? " At chance: what leaks from a network that nobody would use may "
                                "differ."
                              : "");
  }
  const auto round = run.read<int64_t>("/attacks/tasks/round");
  const auto network = run.read<std::string>("/attacks/tasks/network");
  std::map<std::string, std::set<int>> attacked;
  for (size_t t = 0; t < round.size(); ++t) attacked[network[t]].insert(static_cast<int>(round[t]));
  for (const std::string& word : {kUntrained, kAtChance})
    if (attacked.count(word) > 0) out += attacked_line(attacked[word], word);
  return out;
}

}  // namespace medpfl
