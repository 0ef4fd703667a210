#pragma once
#include <cstdint>
#include <vector>

#include "comm/communicator.hpp"
#include "federation/federated_data.hpp"
#include "federation/round_plan.hpp"
#include "privacy/masking.hpp"
#include "privacy/shamir.hpp"

namespace medpfl {

/// Hospitals whose updates must arrive, so that their sum can be unmasked: more than this share of
/// those that take part, and two at least.
int64_t secure_threshold(double share, int64_t participants);

/// Secure aggregation with double masks (Bonawitz et al., "Practical Secure Aggregation for
/// Privacy-Preserving Machine Learning", CCS 2017, without its consistency check, which is for
/// servers that lie). What a hospital adds to its integers hides them from the server: a mask of
/// each pair of hospitals, which cancels in the sum, and one of its own. Both seeds are shared
/// among all that take part; survivors give away the pair's of those that dropped out and the own
/// of those that did not, never both of one hospital.
///
/// A rank plays its hospitals, rank 0 also the server, through which all messages go.
class SecureAggregation {
 public:
  /// In a round; beyond, their pairs take minutes and their shares more than 100 MB on each rank.
  static constexpr int64_t kMostParticipants = 1000;

  /// `comm` and `data` outlive it. `threshold`: share of those that take part, [0, 1). Secrets of
  /// the hospitals come from streams keyed by `seed`, which they would not share in
  /// earnest, so that a run can be repeated.
  SecureAggregation(const Communicator& comm, const FederatedData& data, double threshold,
                    uint64_t seed)
      : comm_(comm), data_(data), threshold_(threshold), seed_(seed) {}

  int64_t threshold(const RoundPlan& plan) const {
    return secure_threshold(threshold_, plan.participants());
  }

  /// Hospitals advertise their keys and share their seeds. Collective.
  void begin_round(const RoundPlan& plan);
  /// Adds the masks of plan.hospitals[index], which this rank hosts, to `n` integers.
  void mask(size_t index, uint64_t* integers, int64_t n) const;
  /// Takes the masks away from the sum of what arrived, on rank 0. Needs as many arrivals as the
  /// threshold. Collective.
  void unmask(const RoundPlan& plan, uint64_t* sum, int64_t n) const;

  /// The sealed shares of all `participants`.
  static int64_t shares_bytes(int64_t participants);
  /// What hospitals and server send each other in a round, besides the weights: keys, shares and
  /// `n` masked integers of each that arrives.
  static int64_t bytes(const RoundPlan& plan, int64_t n);

 private:
  struct Party {  // a hospital of this rank
    KeyPair masks, channels;
    Key self{};                                   // seed of its own mask
    std::vector<Share> mask_shares, self_shares;  // kept of each hospital's seeds
  };

  void advertise(const RoundPlan& plan);
  void share_seeds(const RoundPlan& plan);
  /// Every rank's text after another, on every rank, as the server passes messages on.
  std::string pass_on(std::string mine) const;
  Key root_of(const RoundPlan& plan, size_t index) const;

  const Communicator& comm_;
  const FederatedData& data_;
  double threshold_;
  uint64_t seed_;
  std::vector<std::pair<size_t, Party>> parties_;        // by place in the plan, ascending
  std::vector<Key> open_mask_keys_, open_channel_keys_;  // of all, by place in the plan
};

}  // namespace medpfl
