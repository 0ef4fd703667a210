#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "defenses/defense.hpp"
#include "defenses/rounding.hpp"

namespace medpfl {
namespace {

using Tensor = ParameterLayout::Entry;

double greatest(const float* values, int64_t n) {
  float most = 0;
  for (int64_t i = 0; i < n; ++i) most = std::max(most, std::fabs(values[i]));
  return most;
}

// Multiples of one scale for each tensor, the 127th of its greatest magnitude.
void to_int8(float* values, int64_t n, const Rounding& rounding) {
  const auto scale = static_cast<float>(greatest(values, n) / 127);
  for (int64_t i = 0; i < n; ++i) {
    const double steps = scale > 0 ? static_cast<double>(values[i]) / scale : 0;
    const double whole = rounding.to_integer(std::clamp(steps, -127.0, 127.0));
    values[i] = static_cast<float>(whole * scale);
  }
}

// One magnitude for each tensor. To the nearest: the mean magnitude of what is not zero, which
// loses the least in the L2 norm. Stochastic: the greatest, as the mean of two signs must reach it.
void to_sign(float* values, int64_t n, RandomStream* stream) {
  double sum = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i)
    if (values[i] != 0) sum += std::fabs(values[i]), ++count;
  if (count == 0) return;
  const auto magnitude = static_cast<float>(stream == nullptr ? sum / static_cast<double>(count)
                                                              : greatest(values, n));
  for (int64_t i = 0; i < n; ++i) {
    const double v = values[i];
    if (v == 0) continue;
    const bool positive = stream == nullptr ? v > 0 : stream->uniform() < 0.5 * (1 + v / magnitude);
    values[i] = positive ? magnitude : -magnitude;
  }
}

// Coarser numbers, as the server decodes them.
class Quantize final : public MessageHook {
 public:
  explicit Quantize(const OptionValues& own)
      : format_(own.text("format")), stochastic_(own.text("rounding") == "stochastic") {}

  NumberFormat format(const NumberFormat&) const override {
    if (format_ == "int8") return {format_, 8, 4, true};
    if (format_ == "sign") return {format_, 1, 4, false};
    return {format_, 16, 0, true};
  }

  void apply(FlatParameters* update, const DefenseContext& context) const override {
    if (!update->all_finite())
      throw NumericError(
          fmt::format("quantize: the update of hospital {} in round {} is not finite",
                      context.client, context.round));
    RandomStream random = defense_stream(context);
    RandomStream* stream = stochastic_ ? &random : nullptr;
    const Rounding rounding(stream);
    for (const Tensor& tensor : update->layout().entries()) {
      float* values = update->data() + tensor.offset;
      if (format_ == "int8")
        to_int8(values, tensor.size, rounding);
      else if (format_ == "sign")
        to_sign(values, tensor.size, stream);
      else if (format_ == "float16")
        to_float<c10::Half>(tensor, values, rounding, context);
      else
        to_float<c10::BFloat16>(tensor, values, rounding, context);
    }
  }

  std::string describe() const {
    return fmt::format("quantize format={} rounding={}", format_,
                       stochastic_ ? "stochastic" : "nearest");
  }

 private:
  template <class T>
  void to_float(const Tensor& tensor, float* values, const Rounding& rounding,
                const DefenseContext& context) const {
    const float most = std::numeric_limits<T>::max();
    const double there = greatest(values, tensor.size);
    if (there > most)
      throw NumericError(
          fmt::format("quantize: {} of the update of hospital {} in round {} holds the magnitude "
                      "{}, and {} ends at {}: use format=bfloat16 or int8, or clip before",
                      tensor.name, context.client, context.round, there, format_, most));
    for (int64_t i = 0; i < tensor.size; ++i) values[i] = rounding.to<T>(values[i]);
  }

  std::string format_;
  bool stochastic_;
};

}  // namespace

RegistryEntry<DefenseFactory> quantize_defense() {
  return {"quantize",
          "sends each entry in fewer bits",
          "int8: Alistarh et al. 2017, arXiv:1610.02132; sign: Seide et al. 2014, Bernstein et al. "
          "2018, arXiv:1802.04434",
          {choice_option("format", "int8", {"float16", "bfloat16", "int8", "sign"},
                         "numbers sent; int8 and sign with one scale a tensor"),
           choice_option("rounding", "nearest", {"nearest", "stochastic"},
                         "to the nearest number, or at random and right in the mean")},
          [](const OptionValues& own) { return on_messages(Quantize(own)); }};
}

}  // namespace medpfl
