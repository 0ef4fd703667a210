#include "attacks/matching/decode.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/text.hpp"
#include "data/warp.hpp"

namespace medpfl {
namespace {

// Steps from 0 to the largest move, each way; for translations at most, and no finer than a pixel.
constexpr int64_t kShiftSteps = 12, kAngleSteps = 6;

at::Tensor unmix(const at::Tensor& images, double weight, const at::Tensor& mean) {
  return images.sub(mean.mul(1 - weight)).div(weight);
}

at::Tensor likelier_signs(const at::Tensor& images, const at::Tensor& mean) {
  const at::Tensor mirrored = images.neg().add(1);
  return at::where(images.sub(mean).abs().le(mirrored.sub(mean).abs()), images, mirrored);
}

double correlation(const at::Tensor& image, const at::Tensor& centred_mean) {
  const at::Tensor x = image.sub(image.mean());
  const double norm = x.norm().item<double>();
  return norm > 0 ? x.mul(centred_mean).sum().item<double>() / norm : 0;
}

std::vector<double> moves(double largest, int64_t steps) {
  std::vector<double> all = {0};  // first, so that of equals an image stays where it is
  if (largest == 0) return all;
  for (int64_t i = 1; i <= steps; ++i)
    for (const double sign : {1.0, -1.0})
      all.push_back(sign * largest * static_cast<double>(i) / static_cast<double>(steps));
  return all;
}

at::Tensor registered(const Decoding& d, const at::Tensor& image, const at::Tensor& mean) {
  const at::Tensor centred = mean.sub(mean.mean());
  const auto pixels = static_cast<int64_t>(std::ceil(d.shift * static_cast<double>(image.size(3))));
  const std::vector<double> shifts = moves(d.shift, std::clamp<int64_t>(pixels, 1, kShiftSteps));
  AffineMap best = rigid_inverse(0, 0, 0);
  double greatest = -std::numeric_limits<double>::infinity();
  for (const double angle : moves(d.angle, kAngleSteps))
    for (const double y : shifts)
      for (const double x : shifts) {
        const AffineMap undo = rigid_inverse(x, y, angle);
        const double here = correlation(warp(image, undo), centred);
        if (here <= greatest) continue;
        greatest = here;
        best = undo;
      }
  const at::Tensor seen = warp(at::ones_like(image), best);
  return warp(image, best).add(mean.mul(seen.neg().add(1)));
}

}  // namespace

const Words<DecodeRule>& words_of(DecodeRule) {
  using R = DecodeRule;
  static const Words<R> words = {
      {R::kNone, "none"}, {R::kUnmix, "unmix"}, {R::kSigns, "signs"}, {R::kRegister, "register"}};
  return words;
}

std::string Decoding::describe() const {
  return rule == DecodeRule::kRegister
             ? fmt::format("register, shift {}, angle {}", shortest(shift), shortest(angle))
             : fmt::format("{}, weight {}", word_of(rule), shortest(weight));
}

OptionTable<Decoding> decoding_options() {
  using O = Option<Decoding>;
  return {{"decode", &Decoding::rule,
           "against mixup, instahide, ats: what is made of the final images by the "
           "mean public image"},
          O{"decode_weight", &Decoding::weight,
            "of unmix and signs: weight of an image in its own mixture"}
              .above(0)
              .between(0, 1),
          O{"decode_shift", &Decoding::shift,
            "of register: largest translation, as a share of the side"}
              .between(0, 1),
          O{"decode_angle", &Decoding::angle, "of register: largest rotation, in degrees"}.between(
              0, 180)};
}

at::Tensor decode(const Decoding& d, const at::Tensor& images, const at::Tensor& public_mean) {
  if (!d.any()) return images;
  const at::Tensor mean = public_mean.unsqueeze(0);
  if (d.rule == DecodeRule::kUnmix) return unmix(images, d.weight, mean).clamp_(0, 1);
  if (d.rule == DecodeRule::kSigns)
    return unmix(likelier_signs(images, mean), d.weight, mean).clamp_(0, 1);
  std::vector<at::Tensor> all = images.split(1);
  for (at::Tensor& image : all) image = registered(d, image, mean);
  return at::cat(all).clamp_(0, 1);
}

}  // namespace medpfl
