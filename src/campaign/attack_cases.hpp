#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <vector>

#include "attacks/observation.hpp"
#include "core/archive.hpp"
#include "metrics/reconstruction_score.hpp"

namespace medpfl {

/// The images and labels that a message was computed from. Only scoring sees them.
struct Truth {
  at::Tensor images;            ///< [B, C, H, W] in the PixelFormat of the data set
  std::vector<int64_t> labels;  ///< [B]
};

/// What is known of the true images of a message without any attack on it, one entry for each.
struct WithoutAttack {
  std::vector<ImageScore> public_mean;  ///< scores of the mean public image, as if it came back
  /// Scores of the public image most like the true one (nearest_images()), as if it came back. Only
  /// an oracle, who knows the truth, finds it. Empty: there are no public images.
  std::vector<ImageScore> public_nearest;
  std::vector<int64_t> near_duplicates;  ///< among the candidates, see count_near_duplicates()
};

/// One message under attack, with its truth.
struct AttackCase {
  Observation
      observation;  ///< what the attacker sees, without the weights, which the round's cases share
  Truth truth;
  double gradient_norm = 0;  ///< norm of the observation's gradient; filled in by AttackCases::add
  /// Empty until AttackCases::score_without_attack. No archive keeps it: it is computed again.
  WithoutAttack without_attack;

  /// Writes or reads the case, whose vectors have this layout.
  void keep(Archive& a, const ParameterLayout& layout);
};

/// The messages under attack, and what scoring needs of them. Lives on rank 0.
class AttackCases {
 public:
  /// Most images of a hospital among which scoring looks for the truth of a reconstruction.
  static constexpr int64_t kMaxCandidates = 256;

  explicit AttackCases(const ParameterLayout& layout) : layout_(layout) {}

  /// Adds a case at the end and notes the norm of its gradient.
  void add(AttackCase one) {
    one.gradient_norm = gradient_norm(one.observation);
    cases_.push_back(std::move(one));
  }
  /// Keeps the global model that the messages of a round were computed at.
  void set_weights(int64_t round, const FlatParameters& weights) { weights_[round] = weights; }
  /// Keeps the images of a hospital among which scoring looks for truths, the same in all rounds:
  /// [M, C, H, W] in the PixelFormat of the data set, M <= kMaxCandidates.
  void set_shard_images(int64_t client, at::Tensor images) { shards_[client] = std::move(images); }
  /// Keeps which hospitals' updates the sum of a round adds up: at least one, each with shard
  /// images.
  void set_clients_of_sum(int64_t round, std::vector<int64_t> clients) {
    sums_[round] = std::move(clients);
  }

  /// Keeps public images for score_without_attack: [M, C, H, W] in the PixelFormat of the data set,
  /// or undefined. No archive keeps them.
  void set_public_images(at::Tensor images) { public_images_ = std::move(images); }

  int64_t size() const { return static_cast<int64_t>(cases_.size()); }
  const AttackCase& operator[](int64_t i) const { return cases_[static_cast<size_t>(i)]; }
  /// Returns the global model that the messages of an attacked round were computed at.
  const FlatParameters& weights(int64_t round) const { return weights_.at(round); }
  /// Returns the images among which scoring looks for the truth of a reconstruction: those that
  /// set_shard_images keeps of its hospital. For an update, which may be of all of these, images of
  /// the other hospitals that are attacked in its round follow, up to kMaxCandidates in all; for a
  /// sum it is an equal share of each hospital of its round.
  at::Tensor candidates(const Observation& observation) const;
  /// Fills in what is known of the true images of case i without an attack. `public_mean`: float32
  /// [C, H, W].
  void score_without_attack(int64_t i, const at::Tensor& public_mean);
  /// Frees the gradient of a case that no task needs any more.
  void release(int64_t i) { cases_[static_cast<size_t>(i)].observation.gradient = {}; }

  /// Writes or reads all cases with what scoring needs of them.
  void keep(Archive& a);

 private:
  at::Tensor candidates_of_one(const Observation& observation) const;

  ParameterLayout layout_;
  std::vector<AttackCase> cases_;
  std::map<int64_t, FlatParameters> weights_;
  std::map<int64_t, at::Tensor> shards_;          // by hospital
  std::map<int64_t, std::vector<int64_t>> sums_;  // hospitals by round
  at::Tensor public_images_;
};

}  // namespace medpfl
