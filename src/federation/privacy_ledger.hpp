#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "federation/aggregator.hpp"
#include "federation/round_plan.hpp"
#include "federation/settings.hpp"
#include "privacy/accountant.hpp"

namespace medpfl {

/// What the updates of each hospital, trained under dp-sgd, have given away of one of its images by
/// the end of each round. Against the server, which sees who takes part, so that sampling of
/// hospitals hides nothing. Depends on the plans of the rounds alone, and is made anew from them
/// when a run goes on.
class PrivacyLedger {
 public:
  /// `settings` has dp_sgd; shard sizes in images.
  PrivacyLedger(const FederationSettings& settings, const Aggregator& aggregator,
                std::vector<int64_t> shard_sizes);

  /// The next round.
  void add(const RoundPlan& plan);

  double delta() const { return delta_; }
  /// What is claimed, and of what, in a line.
  std::string claim() const;
  /// After each round [rounds, hospitals] (tight); 0 for one that took no part yet.
  const std::vector<double>& of_hospitals() const { return of_hospitals_; }
  /// After each round [rounds], of the hospital that gave away most.
  const std::vector<Epsilon>& greatest() const { return greatest_; }

 private:
  struct Steps {
    double rate;
    int64_t count;
  };
  // By which an image of a shard of this size is touched in a round.
  Steps steps_of(int64_t shard) const;

  RoundSchedule sigma_;
  bool poisson_;
  double delta_;
  int64_t rounds_, batch_size_, epochs_;
  std::vector<int64_t> shard_sizes_;
  std::vector<RdpAccountant> accountants_;
  std::vector<Epsilon> now_;
  std::map<std::pair<double, double>, std::vector<double>> known_;  // by rate and sigma
  std::vector<double> of_hospitals_;
  std::vector<Epsilon> greatest_;
};

}  // namespace medpfl
