#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "attacks/observation.hpp"
#include "core/words.hpp"
#include "models/model.hpp"

namespace medpfl {

/// How an attacker finds the labels of a batch; see infer_labels.
enum class LabelRule { kKnown, kIdlg, kJoint, kYin, kCounts, kBiasSign, kBiasCounts, kFit };
const Words<LabelRule>& words_of(LabelRule);

/// Returns the words of all rules but kFit, which only a closed form can follow.
std::vector<std::string> label_rule_names();

/// Returns the labels the attacker works with, [batch]; empty for `joint`, where they are optimized
/// with the images. `known` returns those of the observation. The other rules read the gradient of
/// the network's head (its weight W and bias b; r are the row sums of W's gradient):
/// idlg: argmin r, exact for one image under cross entropy and non-negative features (Zhao, Mopuri,
/// Bilen 2020, arXiv 2001.02610); where features have both signs argmin b, softmax minus label,
/// exact for any.
/// yin: the classes of least minimum over features, each once (Yin et al. 2021, arXiv 2104.07586).
/// counts: classes of negative r once, then the class of least r again and again; each image found
/// takes sum of negative r x (1 + 1/classes) / batch off its class (Wainakh et al. 2022, arXiv
/// 2105.09369).
/// bias-sign: classes of negative b's gradient, most negative first, repeated in turn.
/// bias-counts: the class of least b's gradient minus the predictions for a mid-gray image, again
/// and again; each image found adds 1/batch to its class. Exact, repeated labels included, where
/// predictions do not depend on the image.
/// Throws ConfigError where the rule does not fit the network; see check_label_rule. `fit` is not
/// handled here: a closed form takes the class whose gradient fits each image best.
std::vector<int64_t> infer_labels(LabelRule rule, const Model& model,
                                  const Observation& observation);

/// Whether the features that enter the network's head can be negative: behind a bottleneck, and
/// behind activations other than sigmoid and ReLU.
bool signed_features(const Model& model);

/// Whether a label rule may be wrong on this network because features have both signs: yin and
/// counts read a class off the sign of r or W, which a negative feature turns.
bool misled_by_signs(LabelRule rule, const Model& model);

/// Throws ConfigError where the rule reads the bias of the network's head and the head has none.
void check_label_rule(LabelRule rule, const Model& model);

}  // namespace medpfl
