#pragma once
#include <vector>

#include "campaign/attack_cases.hpp"
#include "comm/communicator.hpp"
#include "federation/federated_data.hpp"
#include "federation/simulation.hpp"

namespace medpfl {

/// Brings the attacked messages of all ranks, and their truths for scoring, to rank 0.
class CaseCollector final : public RoundObserver {
 public:
  /// All arguments outlive it; `cases` receives those of a round when it is over, by hospital and
  /// probe, on rank 0. `local`: of the hospitals' training. With `sums` a round is one case: the
  /// mean update as the attacker's only message, whose truth is the images of all hospitals that
  /// took part.
  CaseCollector(const Communicator& comm, const FederatedData& data,
                const FederationSettings& local, bool sums, AttackCases* cases)
      : comm_(comm), data_(data), local_(local), sums_(sums), cases_(cases) {}

  void on_messages(const RoundPlan& plan, const FlatParameters& global,
                   const std::vector<Message>& mine) override;
  void on_round_end(const RoundPlan& plan, const RoundRecord& record,
                    const FlatParameters& mean) override;

 private:
  AttackCase sum_of_round(const std::vector<AttackCase>& messages,
                          const FlatParameters& mean) const;

  const Communicator& comm_;
  const FederatedData& data_;
  const FederationSettings& local_;
  bool sums_;
  AttackCases* cases_;
  std::vector<AttackCase> of_round_;
};

}  // namespace medpfl
