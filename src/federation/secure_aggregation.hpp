#pragma once
#include <cstdint>
#include <vector>

#include "comm/communicator.hpp"
#include "federation/federated_data.hpp"
#include "federation/round_plan.hpp"
#include "privacy/masking.hpp"
#include "privacy/shamir.hpp"

namespace medpfl {

/// Returns how many updates must arrive so that their sum can be unmasked: more than this share of
/// the participants, at least two, and of two or more participants never more than all.
int64_t secure_threshold(double share, int64_t participants);

/// Secure aggregation with double masks (Bonawitz et al., "Practical Secure Aggregation for
/// Privacy-Preserving Machine Learning", CCS 2017, without its consistency check, which is for
/// servers that lie). Each hospital hides its integers from the server behind masks: one for each
/// pair of hospitals, which cancels in the sum, and one of its own. The seeds of both are secret
/// shared among all participants. The survivors reveal the pair masks of hospitals that dropped out
/// and the own masks of those that did not, never both of one hospital.
///
/// Each rank plays its hospitals, rank 0 also the server, through which all messages go.
class SecureAggregation {
 public:
  /// The most hospitals that may take part in a round. With more, masks take minutes, and shares
  /// over 100 MB on each rank.
  static constexpr int64_t kMostParticipants = 1000;

  /// `comm` and `data` must outlive this object. `threshold`: share of the participants, [0, 1). So
  /// that a run can be repeated, the hospitals' secrets are drawn from `seed`, which real hospitals
  /// would not share.
  SecureAggregation(const Communicator& comm, const FederatedData& data, double threshold,
                    uint64_t seed)
      : comm_(comm), data_(data), threshold_(threshold), seed_(seed) {}

  /// Returns how many updates must arrive in a round.
  int64_t threshold(const RoundPlan& plan) const {
    return secure_threshold(threshold_, plan.participants());
  }

  /// Lets the hospitals of a round advertise their keys and share their seeds. Collective.
  void begin_round(const RoundPlan& plan);
  /// Adds the masks of hospital plan.clients[index], which this rank must host, to its `n`
  /// integers, modulo 2^64.
  void mask(size_t index, uint64_t* integers, int64_t n) const;
  /// Subtracts from `sum`, the n integers that rank 0 has as the sum of the updates that arrived,
  /// the masks that are left in it. At least threshold(plan) updates must have arrived. Collective.
  void unmask(const RoundPlan& plan, uint64_t* sum, int64_t n) const;

  /// Returns the bytes of the sealed shares that all `participants` of a round send, each to every
  /// other.
  static int64_t shares_bytes(int64_t participants);
  /// Returns the bytes that hospitals and server send each other in a round, without the weights:
  /// keys and shares, to the server and on to the others, the `n` masked integers of each hospital
  /// whose update arrives, and the shares that these reveal for unmasking.
  static int64_t bytes(const RoundPlan& plan, int64_t n);

 private:
  struct Party {  // a hospital of this rank
    KeyPair masks, channels;
    Key self{};                                         // seed of its own mask
    std::vector<SecretShare> mask_shares, self_shares;  // kept of each hospital's seeds
  };

  void advertise(const RoundPlan& plan);
  void share_seeds(const RoundPlan& plan);
  /// Returns on every rank the texts of all ranks, one after another. Like the server that passes
  /// messages on, it goes by rank 0.
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
