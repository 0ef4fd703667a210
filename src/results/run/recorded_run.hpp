#pragma once
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

namespace medpfl {

/// What `medpfl attack` needs of a run that recorded its gradients. Used by rank 0.
class RecordedRun {
 public:
  /// `path`: a run's folder or its run.h5. Throws FormatError: no complete run, no gradients.
  explicit RecordedRun(const std::string& path);

  /// Class names, labels, shards and the prior; no images.
  const FederatedData& data() const { return data_; }

  /// Reads the messages that `targets` means: of the rounds and hospitals chosen, the first
  /// targets.probes probes, or the updates where it is 0. `local_batch`: images of the hospitals'
  /// local steps, see Observation. Candidates for the rank of the truth are
  /// the recorded images of the hospital. Throws ConfigError when none is recorded, FormatError
  /// when weights, layers or files are missing.
  void read_cases(const AttackTargets& targets, int64_t local_batch, AttackCases* cases);

  /// The digests that the run holds of its own inputs, and that of all messages, weights and images
  /// read from it so far.
  InputDigests inputs() const;

 private:
  FlatParameters read_weights(int64_t round);
  at::Tensor read_images(const std::vector<int64_t>& rows);
  void read_candidates(int64_t client, AttackCases* cases);

  h5::File run_;
  std::string where_;
  GradientReader gradients_;
  Digest read_;
  FederatedData data_;
  std::optional<h5::VirtualRows> weights_, images_;
  std::vector<int64_t> start_, image_, labels_, index_;  // of /gradients/batches
};

}  // namespace medpfl
