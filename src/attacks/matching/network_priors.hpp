#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "attacks/attack_facts.hpp"
#include "attacks/matching/term.hpp"
#include "attacks/observation.hpp"
#include "core/option_table.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Weights of the priors that look at images through the network at the weights the server sent.
struct NetworkPriorOptions {
  double bn_statistics = 0;
  StatisticsSource bn_target = StatisticsSource::kRunning;
  double bn_first_layer = 10;  ///< what the first normalization counts
  double feature_match = 0;
};

/// Returns the options of these priors, all without effect by default.
OptionTable<NetworkPriorOptions> network_prior_options();

/// Throws ConfigError for a prior the network cannot serve: bn_statistics without batch
/// normalization, bn_target=update where messages carry no statistics, feature_match without bias
/// in the head or, under the label rule `joint`, without labels.
void check_network_priors(const NetworkPriorOptions& options, LabelRule label_rule,
                          const Model& model);

/// Returns the term: sum over batch normalizations of |m - m'| + |v - v'|, Euclidean norms over
/// channels; m and v the mean and unbiased variance of what goes into the layer (the variance of
/// one value a channel is 0), in the model's norm mode; m' and v' the target (DeepInversion, arXiv
/// 1912.08795; GradInversion, arXiv 2104.07586). Each evaluation is a forward and a backward pass.
Term bn_statistics_term(const NetworkPriorOptions& options, const Model& model,
                        const Observation& observation);

/// Whether all running statistics are 0 and 1, as before any training, so that they tell nothing of
/// the data: bn_target=running is left out of an objective then.
bool untouched_statistics(const Model& model, const FlatParameters& weights);

/// Returns the statistics that `bn_target` means, by their index in the layout less that of the
/// first. running: those among the weights the server sent. update: r + d / (1 - 0.9^k) for r that
/// and d its change in a message of k local steps: after one step the statistics of the batch, to
/// float32; after more the mean of those of k batches with weights 0.9^(k-1-j), each at the weights
/// of its step, and for a sum the mean over hospitals.
std::vector<at::Tensor> target_statistics(StatisticsSource bn_target, const Model& model,
                                          const Observation& observation);

/// Returns the term: squared distance, a mean over features, of what goes into the head from what
/// its gradient shows, W' its weight's and b' its bias's: W'_c / b'_c are the mean features of the
/// images of class c as far as they dominate row c; for one image, its features (the breaching
/// library). Classes count by b'_c^2: the term is the sum over classes of |b'_c f_c - W'_c|^2 / (F
/// times the sum of b'_c^2), f_c [F] the mean over a candidate's images of label c. 0 where all
/// b'_c are. Each evaluation is a forward and a backward pass.
Term feature_match_term(const NetworkPriorOptions& options, const Model& model,
                        const Observation& observation, const std::vector<int64_t>& labels);

/// Returns the term by which the network must recognize the images' labels: the mean over images of
/// |softmax(f(x)) - onehot(label)|^2 (Wei et al. 2020, arXiv 2004.10397). Each evaluation is a
/// forward and a backward pass.
Term label_fit_term(double weight, const Model& model, const Observation& observation,
                    const std::vector<int64_t>& labels);

}  // namespace medpfl
