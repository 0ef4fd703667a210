#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <vector>

#include "attacks/observation.hpp"
#include "core/archive.hpp"

namespace medpfl {

/// What really was behind a message. Only scoring sees it.
struct Truth {
  at::Tensor images;            ///< [B, C, H, W] in the PixelFormat of the data set
  std::vector<int64_t> labels;  ///< [B]
};

/// One message under attack.
struct AttackCase {
  Observation observation;  ///< without the weights, which all cases of a round share
  Truth truth;
  double gradient_norm = 0;  ///< of the observation, which it outlives; AttackCases::add notes it

  /// Writes or reads all of it; vectors are of this layout.
  void keep(Archive& a, const ParameterLayout& layout);
};

/// The messages under attack, and what scoring needs. Lives on rank 0.
class AttackCases {
 public:
  /// Images of a hospital among which a reconstruction may look for its truth.
  static constexpr int64_t kMaxCandidates = 256;

  explicit AttackCases(const ParameterLayout& layout) : layout_(layout) {}

  void add(AttackCase one) {
    one.gradient_norm = gradient_norm(one.observation);
    cases_.push_back(std::move(one));
  }
  void set_weights(int64_t round, const FlatParameters& weights) { weights_[round] = weights; }
  /// [M, C, H, W] in the PixelFormat of the data set, M <= kMaxCandidates. A hospital's are the
  /// same in all rounds.
  void set_shard_images(int64_t client, at::Tensor images) { shards_[client] = std::move(images); }
  /// The hospitals, not none, whose updates the sum of a round is of; each has its shard images.
  void set_clients_of_sum(int64_t round, std::vector<int64_t> clients) {
    sums_[round] = std::move(clients);
  }

  int64_t size() const { return static_cast<int64_t>(cases_.size()); }
  const AttackCase& operator[](int64_t i) const { return cases_[static_cast<size_t>(i)]; }
  /// The global model that the messages of an attacked round were computed at.
  const FlatParameters& weights(int64_t round) const { return weights_.at(round); }
  /// The images among which a reconstruction may look for its truth, as set_shard_images has
  /// them; of a sum an equal share of each hospital of its round.
  at::Tensor candidates(const Observation& observation) const;
  /// Frees the gradient of a case that no task needs any more.
  void release(int64_t i) { cases_[static_cast<size_t>(i)].observation.gradient = {}; }

  /// Writes or reads all of them.
  void keep(Archive& a);

 private:
  ParameterLayout layout_;
  std::vector<AttackCase> cases_;
  std::map<int64_t, FlatParameters> weights_;
  std::map<int64_t, at::Tensor> shards_;          // by hospital
  std::map<int64_t, std::vector<int64_t>> sums_;  // hospitals by round
};

}  // namespace medpfl
