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

/// Words of attack.labels, without "auto": all rules but fit, which needs a closed form.
std::vector<std::string> label_rule_names();

/// Labels the attacker works with, [batch]; empty for `joint`, where they are optimized with the
/// images. `known`: those of the observation. The others read the head's gradient, W its weight, b
/// its bias, r the row sums of W's gradient:
/// idlg: argmin r, exact for one image under cross entropy and non-negative features (Zhao, Mopuri,
/// Bilen 2020, arXiv 2001.02610); where features have both signs argmin b, softmax minus label,
/// exact for any.
/// yin: the classes of least minimum over features, each once (Yin et al. 2021, arXiv 2104.07586).
/// counts: classes of negative r once, then the class of least r again and again; each image found
/// takes sum of negative r x (1 + 1/classes) / batch off its class (Wainakh et al. 2022, arXiv
/// 2105.09369).
/// bias-sign: classes of negative b's gradient, most negative first, repeated in turn.
/// bias-counts: the class of least b's gradient minus the predictions for a mid-grey image, again
/// and again; each image found adds 1/batch to its class. Exact, repeated labels included, where
/// predictions do not depend on the image.
/// Throws ConfigError where the rule does not fit; see check_label_rule. `fit` is none of these: a
/// closed form takes the class whose gradient fits each image best.
std::vector<int64_t> infer_labels(LabelRule rule, const Model& model,
                                  const Observation& observation);

/// Whether what enters the head can be negative: behind a bottleneck, and behind other activations
/// than sigmoid and ReLU.
bool signed_features(const Model& model);

/// Whether a label rule may be wrong on this network because features have both signs: yin and
/// counts read a class off the sign of r or W, which a negative feature turns.
bool misled_by_signs(LabelRule rule, const Model& model);

/// Throws ConfigError for a rule that the network cannot serve: those that read the bias of a head
/// that has none.
void check_label_rule(LabelRule rule, const Model& model);

}  // namespace medpfl
