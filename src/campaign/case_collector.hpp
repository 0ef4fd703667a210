#pragma once
#include <vector>

#include "campaign/attack_cases.hpp"
#include "comm/communicator.hpp"
#include "federation/federated_data.hpp"
#include "federation/round_loop.hpp"

namespace medpfl {

/// Collects the attacked messages of all ranks, with their truths for scoring, on rank 0.
class CaseCollector final : public RoundObserver {
 public:
  /// All arguments but `kinds` must outlive the collector. At the end of a round `cases` receives
  /// its messages of these kinds on rank 0: updates by hospital, then probes by hospital and
  /// number. `local` says how the hospitals train. With `sums` a round is one case: the mean update
  /// is the attacker's only message, and its truth is the images of all hospitals that took part.
  CaseCollector(const Communicator& comm, const FederatedData& data,
                const FederationSettings& local, MessageKinds kinds, bool sums, AttackCases* cases)
      : comm_(comm), data_(data), local_(local), kinds_(kinds), sums_(sums), cases_(cases) {}

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
  MessageKinds kinds_;
  bool sums_;
  AttackCases* cases_;
  std::vector<AttackCase> of_round_;
};

}  // namespace medpfl
