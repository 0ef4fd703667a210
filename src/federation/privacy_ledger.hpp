#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "defenses/defense_chain.hpp"
#include "federation/algorithm.hpp"
#include "federation/round_plan.hpp"
#include "federation/settings.hpp"
#include "privacy/accountant.hpp"

namespace medpfl {

/// What the updates of each hospital have given away by the end of each round: of one of its images
/// where the local steps guarantee something, of all its images together where its messages do,
/// being clipped and noised. Against the server, which sees who takes part, so that sampling of
/// hospitals hides nothing. Depends on the plans of the rounds alone, and is made anew from them
/// when a run goes on.
class PrivacyLedger {
 public:
  /// Null where nothing is guaranteed, neither by local steps nor by noise on clipped updates.
  /// `chain` and `settings` outlive it; `parameters` of an update; `budget_seed` of personal
  /// budgets; shard sizes in images.
  static std::unique_ptr<PrivacyLedger> make(const FederationSettings& settings,
                                             const Algorithm& algorithm, const DefenseChain& chain,
                                             int64_t parameters, uint64_t budget_seed,
                                             std::vector<int64_t> shard_sizes);

  /// The next round.
  void add(const RoundPlan& plan);

  double delta() const { return delta_; }
  /// The constant noise multiplier (standard deviation over the bound of an example's gradient, or
  /// of an update) with which the rounds added so far would have kept every hospital within
  /// `epsilon`; 0 where the noise is no Gaussian of one multiplier for all.
  double sigma_for(double epsilon) const;
  /// What is claimed, and of what, in a line.
  std::string claim() const;
  /// After each round [rounds, hospitals] (tight); 0 for one that took no part yet.
  const std::vector<double>& of_clients() const { return of_clients_; }
  /// After each round [rounds], of the hospital that gave away most.
  const std::vector<Epsilon>& greatest() const { return greatest_; }

 private:
  // One mechanism, and how often.
  struct Steps {
    Guarantee::Noise noise;
    double multiplier, rate;
    int64_t count;
  };
  PrivacyLedger(const FederationSettings& settings, int64_t epochs, const DefenseChain& chain,
                GuaranteeContext context, std::vector<int64_t> shard_sizes);
  Steps steps_of(int64_t client, int64_t round) const;
  Steps local_steps(int64_t shard, double sigma) const;
  const std::vector<double>& divergences(const Steps& steps);

  const FederationSettings& settings_;
  int64_t epochs_;
  const DefenseChain& chain_;
  const StepHook* step_;  // that guarantees something; null: messages do
  GuaranteeContext context_;
  double delta_;
  std::vector<int64_t> shard_sizes_;
  std::vector<std::pair<double, int64_t>> taken_;  // rate and steps of each hospital so far
  bool uniform_ = true;  // Gaussian, and the same multiplier for all hospitals of a round
  std::vector<RdpAccountant> accountants_;
  std::vector<Epsilon> now_;
  std::map<std::tuple<Guarantee::Noise, double, double>, std::vector<double>> known_;
  std::vector<double> of_clients_;
  std::vector<Epsilon> greatest_;
};

}  // namespace medpfl
