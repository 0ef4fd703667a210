// mixup and instahide: what a hospital trains on are mixtures of its images.
#include "defenses/mixing.hpp"

#include <ATen/ops/one_hot.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"
#include "defenses/defense.hpp"

namespace medpfl {

// By rejection from the simplex, or from its mirror image weight = largest - m, m >= 0, whichever
// is smaller.
std::vector<double> mixing_weights(int64_t count, double largest, RandomStream* random) {
  std::vector<double> weights(static_cast<size_t>(count));
  const double mirrored_sum = static_cast<double>(count) * largest - 1;
  const bool mirrored = mirrored_sum < 1;
  bool inside = false;
  while (!inside) {
    for (double& w : weights) w = random->gamma(1);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (double& w : weights) w = mirrored ? largest - w / sum * mirrored_sum : w / sum;
    inside = std::all_of(weights.begin(), weights.end(),
                         [largest](double w) { return w >= 0 && w <= largest; });
  }
  std::iter_swap(weights.begin(), std::max_element(weights.begin(), weights.end()));
  return weights;
}

namespace {

struct MixingOptions {
  int64_t images = 4;
  double largest = 0.65;
};

class Mixing final : public BatchHook {
 public:
  Mixing(std::string name, bool signs, const MixingOptions& own)
      : name_(std::move(name)), signs_(signs), images_(own.images), largest_(own.largest) {
    if (largest_ * static_cast<double>(images_) < 1)
      throw ConfigError(fmt::format(
          "defense.{0}.largest={1} is too small: the weights of {0}.images={2} images add up to 1, "
          "so one is at least 1/{2}",
          name_, shortest(largest_), images_));
  }

  Batch apply(const Shard& shard, const std::vector<int64_t>& positions,
              RandomStream* random) const override {
    if (shard.images < images_)
      throw DataError(fmt::format(
          "{} mixes {} images, and hospital {} has {}: use fewer (defense.{}.images), or fewer "
          "hospitals",
          name_, images_, shard.client, shard.images, name_));
    const auto batch = static_cast<int64_t>(positions.size());
    std::vector<int64_t> taken;
    std::vector<double> shares;
    for (const int64_t own : positions) {
      const std::vector<double> weights = mixing_weights(images_, largest_, random);
      shares.insert(shares.end(), weights.begin(), weights.end());
      const auto first = static_cast<int64_t>(taken.size());
      taken.push_back(own);
      while (static_cast<int64_t>(taken.size()) < first + images_) {
        const auto other = static_cast<int64_t>(random->below(static_cast<uint64_t>(shard.images)));
        if (std::find(taken.begin() + first, taken.end(), other) == taken.end())
          taken.push_back(other);
      }
    }
    const Batch all = shard.take(taken);
    const at::Tensor share = at::tensor(shares, at::kFloat).view({batch, images_, 1});
    const auto mixed = [&](const at::Tensor& rows) {
      return rows.reshape({batch, images_, -1}).mul(share).sum(1);
    };
    std::vector<int64_t> shape = all.images.sizes().vec();
    shape[0] = batch;
    Batch out = {mixed(all.images).view(shape),
                 mixed(at::one_hot(all.labels, shard.classes).to(at::kFloat))};
    if (signs_) flip_signs(&out.images, random);
    return out;
  }

  bool mixes() const override { return true; }

  Traces traces() const {
    constexpr int64_t kDraws = 4096;
    RandomStream random({0, Purpose::kBatchTransform, 0, 0, 0});
    double sum = 0;
    for (int64_t i = 0; i < kDraws; ++i) sum += mixing_weights(images_, largest_, &random).front();
    Traces traces;
    traces.images = signs_ ? ChangedImages::kMirrored : ChangedImages::kMixed;
    traces.own_weight = sum / kDraws;
    return traces;
  }

  std::string settings() const {
    return fmt::format("images={} largest={}", images_, shortest(largest_));
  }

 private:
  // Around mid-gray, where the paper's images, centered, have 0.
  static void flip_signs(at::Tensor* images, RandomStream* random) {
    auto* x = images->data_ptr<float>();
    for (int64_t i = 0; i < images->numel(); ++i)
      if (random->below(2) == 1) x[i] = 1 - x[i];
  }

  std::string name_;
  bool signs_;
  int64_t images_;
  double largest_;
};

RegistryEntry<DefenseFactory> row(const std::string& name, bool signs, std::string summary,
                                  std::string paper) {
  using O = Option<MixingOptions>;
  const OptionTable<MixingOptions> options = {
      O{"images", &MixingOptions::images, "images in a mixture, all from one hospital"}.between(2,
                                                                                                16),
      O{"largest", &MixingOptions::largest, "largest weight of an image in a mixture"}
          .above(0)
          .between(0, 1)};
  return defense_row(
      name, std::move(summary), std::move(paper), options,
      [name, signs](const MixingOptions& own) { return on_batches(Mixing(name, signs, own)); });
}

}  // namespace

RegistryEntry<DefenseFactory> mixup_defense() {
  return row("mixup", false,
             "trains on mixtures of the hospital's images, and of their labels, in each local step",
             "Zhang et al., ICLR 2018, arXiv:1710.09412");
}

RegistryEntry<DefenseFactory> instahide_defense() {
  return row("instahide", true, "mixup whose pixels are mirrored at mid-gray at random",
             "Huang et al., ICML 2020, arXiv:2010.02772");
}

}  // namespace medpfl
