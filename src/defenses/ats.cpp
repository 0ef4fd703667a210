// Transformation policies on the images of local steps. Policies are applied, not searched for.
#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/warp.hpp"
#include "defenses/defense.hpp"

namespace medpfl {
namespace {

// On an image [1, C, S, S] in [0, 1]; some take their magnitude with a sign drawn for each image.
struct Operation {
  const char* name;
  ChangedImages change;  // kNone: the image stays recognizable
  bool sign;
  double least, most;  // magnitude; both 0: it takes none
  at::Tensor (*apply)(const at::Tensor& image, double magnitude);
};

const Operation kOperations[] = {
    {"translate-x", ChangedImages::kMoved, true, 0, 1,
     [](const at::Tensor& x, double m) { return warp(x, rigid_map(m, 0, 0)); }},
    {"translate-y", ChangedImages::kMoved, true, 0, 1,
     [](const at::Tensor& x, double m) { return warp(x, rigid_map(0, m, 0)); }},
    {"rotate", ChangedImages::kMoved, true, 0, 180,
     [](const at::Tensor& x, double m) { return warp(x, rigid_map(0, 0, m)); }},
    {"shear-x", ChangedImages::kOther, true, 0, 1,
     [](const at::Tensor& x, double m) {
       return warp(x, {1, m, 0, 0, 1, 0});
     }},
    {"shear-y", ChangedImages::kOther, true, 0, 1,
     [](const at::Tensor& x, double m) {
       return warp(x, {1, 0, 0, m, 1, 0});
     }},
    {"contrast", ChangedImages::kNone, true, 0, 1,
     [](const at::Tensor& x, double m) {
       const at::Tensor mean = x.mean();
       return x.sub(mean).mul(1 + m).add(mean).clamp(0, 1);
     }},
    {"brightness", ChangedImages::kNone, true, 0, 1,
     [](const at::Tensor& x, double m) { return x.mul(1 + m).clamp(0, 1); }},
    {"flip", ChangedImages::kOther, true, 0, 0,
     [](const at::Tensor& x, double m) { return m < 0 ? x.flip({3}) : x; }},
    {"invert", ChangedImages::kOther, false, 0, 0,
     [](const at::Tensor& x, double) { return x.neg().add(1); }},
    {"solarize", ChangedImages::kOther, false, 0, 1,
     [](const at::Tensor& x, double m) { return x.where(x.lt(m), x.neg().add(1)); }},
    {"posterize", ChangedImages::kNone, false, 1, 7,
     [](const at::Tensor& x, double m) {
       const double levels = std::exp2(std::round(m)) - 1;
       return x.mul(levels).round().div(levels);
     }},
};

struct Step {
  const Operation* operation;
  double magnitude;
};

std::string names() {
  std::vector<std::string> all;
  for (const Operation& o : kOperations)
    all.push_back(o.most == 0
                      ? o.name
                      : fmt::format("{}:{}..{}", o.name, shortest(o.least), shortest(o.most)));
  return join(all);
}

Step parse(const std::string& word) {
  const size_t colon = word.find(':');
  const std::string name = trim(word.substr(0, colon));
  const auto* const found = std::find_if(std::begin(kOperations), std::end(kOperations),
                                         [&](const Operation& o) { return name == o.name; });
  bool good = found != std::end(kOperations) && (found->most == 0) == (colon == std::string::npos);
  Step step = {found, 1};
  if (good && found->most > 0) {
    const std::string number = trim(word.substr(colon + 1));
    char* end = nullptr;
    step.magnitude = std::strtod(number.c_str(), &end);
    good = !number.empty() && *end == '\0' && step.magnitude >= found->least &&
           step.magnitude <= found->most;
  }
  if (!good)
    throw ConfigError(fmt::format(
        "defense.ats.policy: '{}' is no operation with its magnitude: use {}", word, names()));
  return step;
}

struct AtsOptions {
  std::vector<std::string> policy = {"translate-x:0.3", "contrast:0.6", "translate-y:0.1"};
};

class Policy final : public BatchHook {
 public:
  explicit Policy(const AtsOptions& own) : text_(join(own.policy, ",")) {
    for (const std::string& word : own.policy) steps_.push_back(parse(word));
    if (steps_.empty())
      throw ConfigError(
          fmt::format("defense.ats.policy names no operation: use some of {}", names()));
  }

  Batch apply(const Shard& shard, const std::vector<int64_t>& positions,
              RandomStream* random) const override {
    Batch batch = shard.take(positions);
    std::vector<at::Tensor> images = batch.images.split(1);
    for (at::Tensor& image : images)
      for (const Step& step : steps_) {
        const bool negative = step.operation->sign && random->below(2) == 1;
        image = step.operation->apply(image, negative ? -step.magnitude : step.magnitude);
      }
    batch.images = at::cat(images);
    return batch;
  }

  bool mixes() const override { return false; }

  std::string settings() const { return "policy=" + text_; }

  Traces traces() const {
    Traces traces;
    for (const Step& step : steps_) {
      const std::string name = step.operation->name;
      // What cannot be undone stays so, whatever else is done to the image.
      traces.images = std::max(traces.images, step.operation->change);
      if (name == "rotate") traces.angle += step.magnitude;
      if (name == "translate-x" || name == "translate-y")
        traces.shift = std::max(traces.shift, step.magnitude);
    }
    return traces;
  }

 private:
  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace

RegistryEntry<DefenseFactory> ats_defense() {
  const OptionTable<AtsOptions> options = {
      {"policy", &AtsOptions::policy, "in this order, signs drawn for each image: " + names()}};
  return defense_row("ats",
                     "trains on transformed images by a policy of operations, in each local step",
                     "Gao et al., CVPR 2021, arXiv:2011.12505", options,
                     [](const AtsOptions& own) { return on_batches(Policy(own)); });
}

}  // namespace medpfl
