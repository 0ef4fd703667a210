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

/// The privacy loss of each hospital by the end of each round: for one image where a step hook
/// gives the guarantee, for all images of the hospital together where clipped and noised messages
/// do. The adversary is the server, which sees who takes part, so that sampling of hospitals
/// amplifies nothing. The ledger depends on the plans of the rounds alone; a resumed run computes
/// it anew.
class PrivacyLedger {
 public:
  /// Returns the ledger of a run, or null where neither local steps nor noise on clipped updates
  /// guarantee anything. `settings` and `chain` must outlive it. `parameters`: entries of an
  /// update; `budget_seed`: seed of personal budgets; `shard_sizes`: images of each hospital.
  static std::unique_ptr<PrivacyLedger> make(const FederationSettings& settings,
                                             const Algorithm& algorithm, const DefenseChain& chain,
                                             int64_t parameters, uint64_t budget_seed,
                                             std::vector<int64_t> shard_sizes);

  /// Upper bounds on the probability of naming one image of the hospital with the greatest privacy
  /// loss among candidates, with all its messages so far: see privacy/identification_bound.hpp.
  struct Identification {
    double sampled = 0;  ///< over the draw of the batches, as epsilon
    double present = 0;  ///< where the image is known to have been in every batch; never less
  };

  /// Adds the next round.
  void add(const RoundPlan& plan);

  /// Returns the delta for which epsilon is reported.
  double delta() const { return delta_; }
  /// Returns the constant noise multiplier (standard deviation / bound of an image's gradient, or
  /// of an update) with which the rounds added so far would have kept every hospital within
  /// `epsilon`; 0 where the noise is not Gaussian with one multiplier for all hospitals.
  double sigma_for(double epsilon) const;
  /// Returns one line that says what is guaranteed, and for what.
  std::string claim() const;
  /// Returns epsilon after each round, [rounds, hospitals] (tight bound); 0 for a hospital that has
  /// not taken part yet.
  const std::vector<double>& of_clients() const { return of_clients_; }
  /// Returns epsilon after each round, [rounds], of the hospital with the greatest privacy loss.
  const std::vector<Epsilon>& greatest() const { return greatest_; }
  /// Returns the bounds after each round, [rounds], among kBoundCandidates equally likely images.
  const std::vector<Identification>& identification() const { return identification_; }
  /// Returns the bounds after the rounds added so far, where the attacker succeeds with the
  /// probability `kappa` in (0, 1] without the messages.
  Identification identification(double kappa) const;

 private:
  // One mechanism, and how often it is applied.
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
  Identification identification(size_t client, double kappa) const;

  const FederationSettings& settings_;
  int64_t epochs_;
  const DefenseChain& chain_;
  const StepHook* step_;  // gives the guarantee; null: messages give it
  GuaranteeContext context_;
  double delta_;
  std::vector<int64_t> shard_sizes_;
  std::vector<std::pair<double, int64_t>> taken_;  // rate and steps of each hospital so far
  bool uniform_ = true;  // Gaussian, and the same multiplier for all hospitals of a round
  std::vector<RdpAccountant> accountants_;
  std::vector<Epsilon> now_;
  std::vector<double> precision_;  // sum of 1 / multiplier^2; infinite where noise is not Gaussian
  std::vector<Identification> now_identified_;
  std::map<std::tuple<Guarantee::Noise, double, double>, std::vector<double>> known_;
  std::vector<double> of_clients_;
  std::vector<Epsilon> greatest_;
  std::vector<Identification> identification_;
};

}  // namespace medpfl
