#include "federation/privacy_ledger.hpp"

#include <algorithm>

#include "federation/local_batches.hpp"

namespace medpfl {

PrivacyLedger::PrivacyLedger(const FederationSettings& settings, const Aggregator& aggregator,
                             std::vector<int64_t> shard_sizes)
    : sigma_(settings.dp_sgd->sigma),
      poisson_(settings.dp_sgd->poisson),
      delta_(settings.dp_sgd->delta),
      rounds_(settings.rounds),
      batch_size_(settings.batch_size),
      epochs_(aggregator.epochs()),
      shard_sizes_(std::move(shard_sizes)),
      accountants_(shard_sizes_.size()),
      now_(shard_sizes_.size()) {}

PrivacyLedger::Steps PrivacyLedger::steps_of(int64_t shard) const {
  // A shuffled epoch takes each image in one step, and what hides which one is not counted.
  if (!poisson_) return {1, std::max<int64_t>(1, epochs_)};
  return {static_cast<double>(batch_of(batch_size_, shard)) / static_cast<double>(shard),
          epochs_ == 0 ? 1 : epochs_ * batches_of(batch_size_, shard)};
}

void PrivacyLedger::add(const RoundPlan& plan) {
  const double sigma = sigma_.at(plan.round, rounds_);
  for (const int64_t hospital : plan.hospitals) {
    const auto h = static_cast<size_t>(hospital);
    if (shard_sizes_[h] == 0) continue;
    const Steps steps = steps_of(shard_sizes_[h]);
    std::vector<double>& rdp = known_[{steps.rate, sigma}];
    if (rdp.empty()) rdp = accountants_[h].gaussian_step(steps.rate, sigma);
    accountants_[h].add(rdp, steps.count);
    now_[h] = accountants_[h].epsilon(delta_);
  }
  Epsilon most;
  for (const Epsilon& one : now_) {
    of_hospitals_.push_back(one.tight);
    most = {std::max(most.classic, one.classic), std::max(most.tight, one.tight)};
  }
  greatest_.push_back(most);
}

std::string PrivacyLedger::claim() const {
  return std::string(
             "(epsilon, delta) differential privacy of one image of a hospital, present or without "
             "a gradient, in all its updates so far, against the server; not of probes; ") +
         (poisson_ ? "Poisson sampling at the rate B/N"
                   : "shuffled batches, so no amplification by sampling is claimed: each image "
                     "counts as used once an epoch, at rate 1");
}

}  // namespace medpfl
