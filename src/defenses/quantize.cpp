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

enum class Format { kFloat16, kBfloat16, kInt8, kSign };

const Words<Format>& words_of(Format) {
  static const Words<Format> words = {{Format::kFloat16, "float16"},
                                      {Format::kBfloat16, "bfloat16"},
                                      {Format::kInt8, "int8"},
                                      {Format::kSign, "sign"}};
  return words;
}

struct QuantizeOptions {
  Format format = Format::kInt8;
  bool stochastic = false;
};

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
  explicit Quantize(const QuantizeOptions& own)
      : format_(own.format), stochastic_(own.stochastic) {}

  NumberFormat format(const NumberFormat&) const override {
    const std::string name = word_of(format_);
    switch (format_) {
      case Format::kInt8:
        return {name, 8, 4, true};
      case Format::kSign:
        return {name, 1, 4, false};
      case Format::kFloat16:
      case Format::kBfloat16:
        break;
    }
    return {name, 16, 0, true};
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
      switch (format_) {
        case Format::kInt8:
          to_int8(values, tensor.size, rounding);
          break;
        case Format::kSign:
          to_sign(values, tensor.size, stream);
          break;
        case Format::kFloat16:
          to_float<c10::Half>(tensor, values, rounding, context);
          break;
        case Format::kBfloat16:
          to_float<c10::BFloat16>(tensor, values, rounding, context);
          break;
      }
    }
  }

  // Signs alone are as far from the gradient as such noise: for entries of N(0, 1) at 0.75 of its
  // norm; at random more.
  Traces traces() const {
    Traces traces;
    if (format_ != Format::kSign) return traces;
    traces.rescaled = true;
    traces.signs = true;
    traces.relative_noise = 1;
    return traces;
  }

  std::string settings() const {
    return fmt::format("format={} rounding={}", word_of(format_),
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
                      tensor.name, context.client, context.round, there, word_of(format_), most));
    for (int64_t i = 0; i < tensor.size; ++i) values[i] = rounding.to<T>(values[i]);
  }

  Format format_;
  bool stochastic_;
};

}  // namespace

RegistryEntry<DefenseFactory> quantize_defense() {
  using O = Option<QuantizeOptions>;
  const OptionTable<QuantizeOptions> options = {
      O{"format", &QuantizeOptions::format, "numbers sent; int8 and sign with one scale a tensor"},
      O{"rounding", &QuantizeOptions::stochastic,
        "to the nearest number, or at random and right in the mean"}
          .named("nearest", "stochastic")};
  return defense_row(
      "quantize", "sends each entry in fewer bits",
      "int8: Alistarh et al. 2017, arXiv:1610.02132; sign: Seide et al. 2014, Bernstein et al. "
      "2018, arXiv:1802.04434",
      options, [](const QuantizeOptions& own) { return on_messages(Quantize(own)); });
}

}  // namespace medpfl
