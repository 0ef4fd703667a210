#pragma once
#include <cstdint>
#include <memory>

#include "core/flat_parameters.hpp"
#include "core/random.hpp"
#include "defenses/batch_hook.hpp"
#include "models/model.hpp"

namespace medpfl {

/// How the images of local steps are chosen. kShuffled: epochs go through the shard in random
/// order. kPoisson: every step draws each of the N images with probability B / N, where B is the
/// batch size, so that batches vary in size.
enum class Sampling { kShuffled, kPoisson };

/// One local step of a hospital.
struct LocalStep {
  Batch batch;  ///< images and labels after the batch hook; undefined where no image was drawn
  int64_t images = 0;  ///< images of the batch
  /// The number of images that a sum over the batch is divided by: that of the batch, or under
  /// Sampling::kPoisson the expected one.
  int64_t divisor = 1;
  int64_t round = 0, rounds = 1;  ///< the round, from 0, and how many the run has
  /// Key of the step's random streams; whoever draws from one sets the purpose.
  StreamKey key;
};

/// Computes the directions that local steps descend along, at weights that change with each step.
class StepGradient {
 public:
  virtual ~StepGradient() = default;
  /// Fills `out` with the direction of a step. Returns the mean loss of its images in nats, 0 where
  /// there are none.
  virtual double compute(const LocalStep& step, FlatParameters* out) = 0;
};

/// The privacy that a step hook guarantees for one image of a hospital, by Gaussian noise on a sum
/// that one image changes by at most a bound.
struct StepGuarantee {
  double multiplier = 0;  ///< standard deviation of the noise / that bound; 0: no guarantee
  double delta = 1e-5;    ///< the delta for which epsilon is reported
};

/// Replaces the gradient of the mean loss, along which a hospital's local steps descend.
class StepHook {
 public:
  virtual ~StepHook() = default;
  /// Throws ConfigError for a network that the hook does not work with.
  virtual void check(const Model& model) const = 0;
  /// Returns what computes the directions of the steps behind one message. Both arguments must
  /// outlive it.
  virtual std::unique_ptr<StepGradient> start(const Model& model,
                                              const FlatParameters& weights) const = 0;
  /// Returns how the hook wants the images of the steps to be chosen.
  virtual Sampling sampling() const { return Sampling::kShuffled; }
  /// Returns the guarantee of a step in `round`, 0 ... rounds - 1. A hook guarantees something in
  /// all rounds or in none.
  virtual StepGuarantee guarantee(int64_t /*round*/, int64_t /*rounds*/) const { return {}; }
};

}  // namespace medpfl
