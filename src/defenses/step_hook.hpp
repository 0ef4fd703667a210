#pragma once
#include <cstdint>
#include <memory>

#include "core/flat_parameters.hpp"
#include "core/random.hpp"
#include "defenses/batch_hook.hpp"
#include "models/model.hpp"

namespace medpfl {

/// How the images of local steps are chosen. Shuffled: epochs go through the shard in random order.
/// Poisson: every step draws each image with probability B / N, so that batches have any size.
enum class Sampling { kShuffled, kPoisson };

/// One local step of a hospital.
struct LocalStep {
  Batch batch;  ///< as the batch hook left it; undefined tensors where no image was drawn
  int64_t images = 0;
  /// Images that a sum over the batch is divided by: those of the batch, or where the update of a
  /// hospital draws them (Sampling::kPoisson) the number that comes on average.
  int64_t divisor = 1;
  int64_t round = 0, rounds = 1;  ///< from 0; of the run
  /// Of all that the step draws; whoever draws sets the purpose.
  StreamKey key;
};

/// Computes what local steps descend along, at weights that change from step to step.
class StepGradient {
 public:
  virtual ~StepGradient() = default;
  /// Fills `out`. Returns the mean loss of the images (nats), 0 where there are none.
  virtual double compute(const LocalStep& step, FlatParameters* out) = 0;
};

/// What a step hook guarantees of one image of a hospital, by Gaussian noise on a sum of which an
/// image changes a bounded part.
struct StepGuarantee {
  double multiplier = 0;  ///< standard deviation of the noise over that bound; 0: nothing is
  double delta = 1e-5;    ///< at which epsilon is told
};

/// What a hospital descends along in its local steps instead of the gradient of the mean loss.
class StepHook {
 public:
  virtual ~StepHook() = default;
  /// Throws ConfigError for a network that the steps cannot be taken with.
  virtual void check(const Model& model) const = 0;
  /// Returns what computes the steps of one message. Both arguments must outlive it.
  virtual std::unique_ptr<StepGradient> start(const Model& model,
                                              const FlatParameters& weights) const = 0;
  virtual Sampling sampling() const { return Sampling::kShuffled; }
  /// Returns what holds in a round of 0 ... rounds - 1; the same kind of guarantee in all of them.
  virtual StepGuarantee guarantee(int64_t /*round*/, int64_t /*rounds*/) const { return {}; }
};

}  // namespace medpfl
