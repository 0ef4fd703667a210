#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "campaign/attack_cases.hpp"
#include "core/digest.hpp"
#include "federation/federated_data.hpp"
#include "federation/round_plan.hpp"
#include "h5/file.hpp"
#include "h5/virtual_rows.hpp"
#include "results/capture/gradient_reader.hpp"
#include "results/resume/input_digests.hpp"
#include "results/run/privacy_summary.hpp"

namespace medpfl {

/// Reads what `medpfl attack` needs of a run that recorded its gradients. Used by rank 0.
class RecordedRun {
 public:
  /// Opens a run, given its folder or its run.h5. Throws FormatError where the run is not complete
  /// or recorded no gradients.
  explicit RecordedRun(const std::string& path);

  /// Returns class names, labels, shards, the mean public image and, of files since schema 1.5, the
  /// public images that the run keeps; no images of hospitals.
  const FederatedData& data() const { return data_; }

  /// Returns the words that the run has for its networks (/rounds/network), by the number of the
  /// round that they stand before, from 1 on; none for files before schema 1.4.
  std::map<int64_t, std::string> networks() const;

  /// Returns what the run claims of privacy by its last round, or nothing.
  std::optional<PrivacyClaim> privacy() const { return privacy_claim(run_); }

  /// Reads the messages that `targets` selects: of the chosen kinds, rounds and hospitals, and of
  /// probes the first targets.probes of each hospital; in each round the updates first.
  /// `local_batch`: images of the hospitals' local steps, see Observation. Scoring looks for truths
  /// among the recorded images of the hospital. Warns where none of a kind is recorded. Throws
  /// ConfigError where none of the messages is, FormatError where weights, layers or files are
  /// missing.
  void read_cases(const AttackTargets& targets, int64_t local_batch, AttackCases* cases);

  /// Returns for each message that read_cases() would read the number of the probe, -1 for an
  /// update. Warns and throws as that does where none is recorded.
  std::vector<int64_t> probes_of(const AttackTargets& targets) const;

  /// Returns the digests that the run holds of its own inputs, with the digest of all messages,
  /// weights and images read from it so far.
  InputDigests inputs() const;

 private:
  std::vector<int64_t> select_rows(const AttackTargets& targets) const;
  FlatParameters read_weights(int64_t round);
  at::Tensor read_images(const std::vector<int64_t>& rows);
  void read_candidates(int64_t client, AttackCases* cases);

  h5::File run_;
  std::string where_;
  GradientReader gradients_;
  Digest read_;
  FederatedData data_;
  std::optional<h5::VirtualRows> weights_, images_;
  h5::Column<int64_t> start_, image_, labels_, index_;  // of /gradients/batches
};

}  // namespace medpfl
