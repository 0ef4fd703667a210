#pragma once
#include <limits>
#include <string>
#include <vector>

#include "attacks/attack.hpp"
#include "attacks/labels.hpp"
#include "attacks/matching/image_fit.hpp"
#include "core/option_table.hpp"

namespace medpfl {

/// The options of an attack in closed form.
struct ClosedFormOptions {
  LabelRule labels = LabelRule::kFit;
  double tolerance = 1e-3;  ///< an image is verified up to this relative misfit
};

/// An attack that reads images off the gradient of one biased layer: no search, no randomness.
class ClosedFormAttack : public Attack {
 public:
  /// Throws ConfigError for attack.labels=joint, which needs an optimizer; `name` is the attack's,
  /// for that message.
  ClosedFormAttack(const ClosedFormOptions& own, const AttackRequest& request,
                   const std::string& name);

  AttackFacts facts() const override;
  void check(const Model& model) const override;
  std::optional<Reconstruction> run(const Model& model, const Observation& observation,
                                    const StreamKey& start, const std::string& state,
                                    const AttackMonitor& monitor) const override;

 protected:
  /// The images that were read from a finite message.
  struct Reading {
    std::vector<ReadImage> images;  ///< at most as many as the batch has; missing ones are gray
    std::string status;             ///< as in Reconstruction
    double unexplained = std::numeric_limits<double>::infinity();  ///< share of the gradient
  };

  /// Returns the layer that the attack reads. Throws ConfigError where the model has none.
  virtual const Layer& layer(const Model& model) const = 0;
  /// Reads images from the message. `fit` tests images by the gradient of the layer's bias.
  virtual Reading read(const Model& model, const Observation& observation, ImageFit* fit) const = 0;
  /// Returns the relative misfit up to which an image counts as verified.
  double tolerance() const { return tolerance_; }

 private:
  LabelRule labels_;
  double tolerance_;
};

/// Returns the options of a closed form. For their help, `seen` names what the class is fitted to,
/// and `limit` what the tolerance limits.
OptionTable<ClosedFormOptions> closed_form_options(const std::string& seen,
                                                   const std::string& limit);

}  // namespace medpfl
