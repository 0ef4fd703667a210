#include "federation/round_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "federation/placement.hpp"

namespace medpfl {
namespace {

bool parse(std::string_view text, int64_t* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Selection::Selection(const std::string& text, int64_t n, const std::string& option)
    : chosen_(static_cast<size_t>(n), false) {
  for (const std::string& part : split_list(text)) {
    if (part == "none") continue;
    int64_t first = 0, last = n - 1;
    const size_t dash = part.find('-', 1);
    const bool understood =
        part == "all" || (part == "last" && ((first = n - 1), true)) ||
        (dash == std::string::npos
             ? parse(part, &first) && ((last = first), true)
             : parse(part.substr(0, dash), &first) && parse(part.substr(dash + 1), &last));
    if (!understood)
      throw ConfigError(fmt::format(
          "{}: '{}' is not allowed: use all, none, last, or numbers and ranges such as 0,2,5-9",
          option, part));
    if (first < 0 || last >= n || first > last)
      throw ConfigError(fmt::format("{}: '{}' is outside 0 ... {}", option, part, n - 1));
    std::fill(chosen_.begin() + first, chosen_.begin() + last + 1, true);
  }
}

RoundPlan plan_round(int64_t round, const std::vector<int64_t>& shard_sizes, double sampling,
                     double dropout, const RunSeeds& seeds, const AttackTargets& targets) {
  RoundPlan plan;
  plan.round = round;
  plan.clients =
      sample_clients(static_cast<int64_t>(shard_sizes.size()), sampling, seeds.server, round);
  for (const int64_t client : plan.clients) {
    RandomStream chance({seeds.world, Purpose::kDropout, static_cast<uint64_t>(round),
                         static_cast<uint64_t>(client), 0});
    const bool arrives = chance.uniform() >= dropout;
    plan.arrives.push_back(arrives);
    const int64_t possible = shard_sizes[static_cast<size_t>(client)] / targets.probe_batch;
    // Where only probes are attacked, an update never stands in for them.
    const bool attacked = arrives && targets.rounds.contains(round) &&
                          targets.clients.contains(client) &&
                          (targets.kinds.updates || possible > 0);
    plan.attacked.push_back(attacked);
    plan.probes.push_back(attacked ? std::min(targets.probes, possible) : 0);
  }
  return plan;
}

}  // namespace medpfl
