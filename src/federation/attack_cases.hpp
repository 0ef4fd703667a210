#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <vector>

#include "attacks/observation.hpp"
#include "comm/communicator.hpp"
#include "federation/federated_data.hpp"
#include "federation/simulation.hpp"

namespace medpfl {

/// What really was behind a message. Only scoring sees it.
struct Truth {
  at::Tensor images;            ///< uint8 [B, C, H, W]
  std::vector<int64_t> labels;  ///< [B]
};

/// One message under attack.
struct AttackCase {
  Observation observation;  ///< without the weights, which all cases of a round share
  Truth truth;
};

/// Collects the attacked messages of all ranks, and their truths for scoring, on rank 0.
class AttackCases final : public RoundObserver {
 public:
  AttackCases(const Communicator& comm, const FederatedData& data, double learning_rate)
      : comm_(comm), data_(data), learning_rate_(learning_rate) {}

  void on_messages(const RoundPlan& plan, const FlatParameters& global,
                   const std::vector<Message>& mine) override;
  void on_round_end(const RoundPlan& plan, const RoundRecord& record,
                    const FlatParameters& global) override;

  /// Takes what was collected since the last call; on rank 0, by round, hospital and probe.
  std::vector<AttackCase> take();
  /// Weights at the start of an attacked round; on rank 0.
  const FlatParameters& weights(int64_t round) const { return weights_.at(round); }
  /// Images of an attacked hospital among which a reconstruction may look for its truth: uint8
  /// [M, C, H, W], the first kMaxCandidates of the shard; on rank 0.
  const at::Tensor& shard_images(int64_t client) const { return shards_.at(client); }

  static constexpr int64_t kMaxCandidates = 256;

 private:
  const Communicator& comm_;
  const FederatedData& data_;
  double learning_rate_;
  std::vector<AttackCase> cases_;
  std::map<int64_t, FlatParameters> weights_;
  std::map<int64_t, at::Tensor> shards_;
};

}  // namespace medpfl
