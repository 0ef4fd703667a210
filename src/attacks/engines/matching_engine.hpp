#pragma once
#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>

#include "attacks/attack_facts.hpp"
#include "attacks/distances/gradient_distance.hpp"
#include "attacks/engines/engine_kind.hpp"
#include "attacks/observation.hpp"
#include "models/model.hpp"

namespace medpfl {

/// What the attacker varies: images, and label logits where labels are optimized with them.
struct Candidate {
  at::Tensor images;        ///< float32 [B, C, H, W]
  at::Tensor label_logits;  ///< float32 [B, classes], or undefined: `labels` holds
  at::Tensor labels;        ///< int64 [B], or undefined
  /// float32 [B, classes], or undefined: the derivative of the loss by the logits, held fixed
  /// instead of softmax minus label. At batch 1 it is the observed gradient of the head's bias.
  at::Tensor output_error;
  at::Tensor noise;  ///< float32 [B, K], of a bottleneck; undefined: none
  double surrogate =
      0;  ///< under update=sme, where the gradient is taken: 0 before training, 1 after
};

/// The gradient of the objective with respect to the candidate.
struct CandidateGradient {
  at::Tensor images;        ///< float32 [B, C, H, W]
  at::Tensor label_logits;  ///< float32 [B, classes], or undefined
  double surrogate = 0;     ///< derivative by Candidate::surrogate
};

/// Computes the distance of gradients for a candidate, with its derivative by the candidate.
/// Engines know nothing of optimizers, schedules, priors and restarts.
class MatchingEngine {
 public:
  virtual ~MatchingEngine() = default;
  virtual double evaluate(const Candidate& candidate, CandidateGradient* gradient) = 0;
};

/// Whether the engine `native` can compute this model: a sequence of layers it knows, on the CPU.
bool native_applies(const Model& model);
/// Returns the engine that is asked for; where none is, kNative where it applies, else kExact.
/// Throws ConfigError where kNative is asked for and does not apply.
EngineKind choose_engine(std::optional<EngineKind> asked, const Model& model);
/// Returns the engine of a kind. `model`, `observation` and `objective` must outlive it.
std::unique_ptr<MatchingEngine> make_engine(EngineKind kind, const Model& model,
                                            const Observation& observation,
                                            const GradientDistance& objective);

/// Returns the engine that matches an update by this rule. The rules kUnroll and kSme have engines
/// of their own, by double backward, whatever engine is asked for.
std::unique_ptr<MatchingEngine> make_update_engine(UpdateRule update,
                                                   std::optional<EngineKind> asked,
                                                   const Model& model,
                                                   const Observation& observation,
                                                   const GradientDistance& objective);

/// Returns the engine that simulates local training: it compares the mean gradient along
/// observation.steps steps of SGD at observation.rate, over batches of the candidate in its own
/// order, epoch after epoch, with the observed one. Batches have observation.local_batch images,
/// more where the steps would not see all of them. The engine keeps the weights of every step and
/// the graph of one, and takes no fixed output error.
std::unique_ptr<MatchingEngine> make_unroll_engine(const Model& model,
                                                   const Observation& observation,
                                                   const GradientDistance& objective);
/// Returns the engine that takes the gradient of all images at w0 + surrogate (wT - w0), where w0
/// and wT are the weights before and after the local steps.
std::unique_ptr<MatchingEngine> make_sme_engine(const Model& model, const Observation& observation,
                                                const GradientDistance& objective);

/// Returns the reference engine, by LibTorch's double backward.
std::unique_ptr<MatchingEngine> make_exact_engine(const Model& model,
                                                  const Observation& observation,
                                                  const GradientDistance& objective);
/// Returns the engine that takes the difference of first-order gradients at weights w and w + step
/// v, v = dD/dg. It needs half the memory of the reference and takes any layer that has a first
/// derivative; its relative error is about 2e-3 (decision 10).
std::unique_ptr<MatchingEngine> make_pearlmutter_engine(const Model& model,
                                                        const Observation& observation,
                                                        const GradientDistance& objective);
/// Returns the engine that computes Pearlmutter's tangent passes by matrix products on buffers
/// allocated once.
std::unique_ptr<MatchingEngine> make_native_engine(const Model& model,
                                                   const Observation& observation,
                                                   const GradientDistance& objective);

}  // namespace medpfl
