#include "federation/privacy_ledger.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "federation/local_batches.hpp"
#include "privacy/identification_bound.hpp"

namespace medpfl {
namespace {

// What guarantees something of single images; null: nothing does.
const StepHook* guaranteeing_step(const DefenseChain& chain, int64_t rounds) {
  const StepHook* step = chain.step();
  return step != nullptr && step->guarantee(0, rounds).multiplier > 0 ? step : nullptr;
}

}  // namespace

std::unique_ptr<PrivacyLedger> PrivacyLedger::make(const FederationSettings& settings,
                                                   const Algorithm& algorithm,
                                                   const DefenseChain& chain, int64_t parameters,
                                                   uint64_t budget_seed,
                                                   std::vector<int64_t> shard_sizes) {
  const GuaranteeContext context{budget_seed, 0, settings.rounds, 0, parameters};
  const bool claimed = guaranteeing_step(chain, settings.rounds) != nullptr
                           ? !chain.looks_at_images()
                           : chain.guarantee(context).noise != Guarantee::Noise::kNone;
  if (!claimed) return nullptr;
  return std::unique_ptr<PrivacyLedger>(
      new PrivacyLedger(settings, algorithm.epochs(), chain, context, std::move(shard_sizes)));
}

PrivacyLedger::PrivacyLedger(const FederationSettings& settings, int64_t epochs,
                             const DefenseChain& chain, GuaranteeContext context,
                             std::vector<int64_t> shard_sizes)
    : settings_(settings),
      epochs_(epochs),
      chain_(chain),
      step_(guaranteeing_step(chain, settings.rounds)),
      context_(context),
      delta_(step_ != nullptr ? step_->guarantee(0, settings.rounds).delta : settings.delta),
      shard_sizes_(std::move(shard_sizes)),
      taken_(shard_sizes_.size()),
      accountants_(shard_sizes_.size()),
      now_(shard_sizes_.size()),
      precision_(shard_sizes_.size()),
      now_identified_(shard_sizes_.size()) {}

// By which an image of the shard is touched in a round.
PrivacyLedger::Steps PrivacyLedger::local_steps(int64_t shard, double sigma) const {
  constexpr auto kGaussian = Guarantee::Noise::kGaussian;
  // A shuffled epoch takes each image in one step, and what hides which one is not counted.
  if (step_->sampling() == Sampling::kShuffled)
    return {kGaussian, sigma, 1, std::max<int64_t>(1, epochs_)};
  const int64_t batch = settings_.batch_size;
  return {kGaussian, sigma,
          static_cast<double>(batch_of(batch, shard)) / static_cast<double>(shard),
          epochs_ == 0 ? 1 : epochs_ * batches_of(batch, shard)};
}

PrivacyLedger::Steps PrivacyLedger::steps_of(int64_t client, int64_t round) const {
  if (step_ != nullptr)
    return local_steps(shard_sizes_[static_cast<size_t>(client)],
                       step_->guarantee(round, settings_.rounds).multiplier);
  GuaranteeContext context = context_;
  context.round = round;
  context.client = client;
  const Guarantee of = chain_.guarantee(context);
  return {of.noise, of.multiplier, 1, 1};
}

const std::vector<double>& PrivacyLedger::divergences(const Steps& steps) {
  std::vector<double>& rdp = known_[{steps.noise, steps.multiplier, steps.rate}];
  if (rdp.empty())
    rdp = steps.noise == Guarantee::Noise::kLaplace
              ? accountants_.front().laplace_step(steps.multiplier)
              : accountants_.front().gaussian_step(steps.rate, steps.multiplier);
  return rdp;
}

void PrivacyLedger::add(const RoundPlan& plan) {
  double first = 0;
  for (const int64_t client : plan.clients) {
    const auto h = static_cast<size_t>(client);
    if (shard_sizes_[h] == 0) continue;
    const Steps steps = steps_of(client, plan.round);
    if (first == 0) first = steps.multiplier;
    uniform_ = uniform_ && steps.noise == Guarantee::Noise::kGaussian && steps.multiplier == first;
    accountants_[h].add(divergences(steps), steps.count);
    precision_[h] += steps.noise == Guarantee::Noise::kGaussian
                         ? static_cast<double>(steps.count) / (steps.multiplier * steps.multiplier)
                         : std::numeric_limits<double>::infinity();
    now_[h] = accountants_[h].epsilon(delta_);
    now_identified_[h] = identification(h, 1.0 / kBoundCandidates);
    taken_[h] = {steps.rate, taken_[h].second + steps.count};
  }
  Epsilon most;
  for (const Epsilon& one : now_) {
    of_clients_.push_back(one.tight);
    most = {std::max(most.classic, one.classic), std::max(most.tight, one.tight)};
  }
  greatest_.push_back(most);
  Identification identified = {1.0 / kBoundCandidates, 1.0 / kBoundCandidates};
  for (const Identification& one : now_identified_)
    identified = {std::max(identified.sampled, one.sampled),
                  std::max(identified.present, one.present)};
  identification_.push_back(identified);
}

// Renyi divergences of sampled steps say nothing of an image that is known to have been sampled.
// Laplace noise is added to whole messages alone, which are not sampled.
PrivacyLedger::Identification PrivacyLedger::identification(size_t client, double kappa) const {
  const RdpAccountant& accountant = accountants_[client];
  const double gaussian = gaussian_identification_bound(kappa, std::sqrt(precision_[client]));
  const double renyi =
      renyi_identification_bound(kappa, accountant.orders(), accountant.divergences());
  const double sampled = std::min(gaussian, renyi);
  return {sampled, std::isinf(precision_[client]) ? sampled : gaussian};
}

PrivacyLedger::Identification PrivacyLedger::identification(double kappa) const {
  Identification most = {kappa, kappa};
  for (size_t h = 0; h < accountants_.size(); ++h) {
    const Identification one = identification(h, kappa);
    most = {std::max(most.sampled, one.sampled), std::max(most.present, one.present)};
  }
  return most;
}

double PrivacyLedger::sigma_for(double epsilon) const {
  if (!uniform_) return 0;
  std::vector<std::pair<double, int64_t>> kinds = taken_;
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  double sigma = 0;
  for (const auto& [rate, steps] : kinds)
    if (steps > 0) sigma = std::max(sigma, calibrate_sigma(rate, steps, epsilon, delta_));
  return sigma;
}

std::string PrivacyLedger::claim() const {
  if (step_ == nullptr)
    return "(epsilon, delta) differential privacy of a hospital, with its update or zeros in its "
           "place, in all its updates so far, against the server; not of probes, nor of the mean "
           "loss and the number of images it states";
  return std::string(
             "(epsilon, delta) differential privacy of one image of a hospital, present or without "
             "a gradient, in all its updates so far, against the server; not of probes, nor of the "
             "mean loss it "
             "states; ") +
         (step_->sampling() == Sampling::kPoisson
              ? "Poisson sampling at the rate B/N"
              : "shuffled batches, so no amplification by sampling is claimed: each image "
                "counts as used once an epoch, at rate 1");
}

}  // namespace medpfl
