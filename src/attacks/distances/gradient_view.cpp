#include "attacks/distances/gradient_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "attacks/optimizers/vector_math.hpp"
#include "core/error.hpp"
#include "core/tensor_selection.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

using Entry = ParameterLayout::Entry;

// NaN counts as the largest, so that a broken message stays visibly broken.
float magnitude(float v) {
  return std::isnan(v) ? std::numeric_limits<float>::infinity() : std::abs(v);
}

std::vector<Entry> layers_compared(const ViewOptions& options, const FlatParameters& observed) {
  const std::vector<bool> excluded = match_tensors(observed.layout(), options.exclude, "exclude");
  std::vector<Entry> layers;
  // Statistics of batch normalization, behind the parameters, have no gradient.
  for (int64_t i = 0; i < observed.layout().trainable_count(); ++i)
    if (!excluded[static_cast<size_t>(i)]) layers.push_back(observed.layout()[i]);
  if (layers.empty())
    throw ConfigError(fmt::format("exclude={} leaves no parameter tensor to compare",
                                  join(options.exclude, ",")));
  const auto wanted = static_cast<size_t>(options.top_layers);
  if (wanted == 0 || wanted >= layers.size()) return layers;
  std::vector<double> energy;
  for (const Entry& layer : layers) {
    const float* values = observed.data() + layer.offset;
    const double square = dot(values, values, layer.size);
    energy.push_back(std::isnan(square) ? std::numeric_limits<double>::infinity() : square);
  }
  std::vector<size_t> order(layers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return energy[a] > energy[b]; });
  order.resize(wanted);
  std::sort(order.begin(), order.end());
  std::vector<Entry> kept;
  for (const size_t i : order) kept.push_back(layers[i]);
  return kept;
}

// The magnitude that the largest `percent` of these entries reach.
float threshold(const std::vector<Entry>& layers, const FlatParameters& observed, double percent) {
  std::vector<float> sizes;
  for (const Entry& layer : layers)
    for (int64_t i = 0; i < layer.size; ++i)
      sizes.push_back(magnitude(observed.data()[layer.offset + i]));
  const double wanted = std::ceil(percent / 100 * static_cast<double>(sizes.size()));
  const auto place = static_cast<int64_t>(std::max(1.0, wanted)) - 1;
  std::nth_element(sizes.begin(), sizes.begin() + place, sizes.end(), std::greater<>());
  return sizes[static_cast<size_t>(place)];
}

// Share of a layer's energy that the noise does not explain, for both gradients: its root.
float signal_scale(const Entry& layer, const FlatParameters& observed, double noise) {
  if (noise == 0) return 1;
  const float* values = observed.data() + layer.offset;
  const double energy = dot(values, values, layer.size) / static_cast<double>(layer.size);
  if (!(energy > 0)) return std::isnan(energy) ? 1 : 0;
  return static_cast<float>(std::sqrt(std::max(0.0, 1 - noise * noise / energy)));
}

}  // namespace

GradientView::GradientView(const ViewOptions& options, const FlatParameters& observed)
    : parameters_(observed.layout().trainable()) {
  const std::vector<Entry> layers = layers_compared(options, observed);
  const float least =
      options.top_entries < 100 ? threshold(layers, observed, options.top_entries) : 0;
  bool weighted = false;
  for (const Entry& layer : layers) {
    const float scale = signal_scale(layer, observed, options.noise);
    if (scale == 0) continue;
    const size_t before = index_.size();
    for (int64_t i = layer.offset; i < layer.offset + layer.size; ++i) {
      const float size = magnitude(observed.data()[i]);
      if (size >= least && (size != 0 || !options.nonzero)) index_.push_back(i);
    }
    if (index_.size() == before) continue;
    bounds_.push_back(static_cast<int64_t>(index_.size()));
    scale_.push_back(scale);
    weighted = weighted || scale != 1;
  }
  whole_ = !weighted && size() == parameters_;
  if (whole_) index_ = {};
}

void GradientView::gather(const float* gradient, float* out) const {
  for (size_t layer = 0; layer < scale_.size(); ++layer)
    for (int64_t i = bounds_[layer]; i < bounds_[layer + 1]; ++i)
      out[i] = scale_[layer] * gradient[index_[static_cast<size_t>(i)]];
}

void GradientView::scatter(const float* from, float* gradient) const {
  std::fill_n(gradient, parameters_, 0.0F);
  for (size_t layer = 0; layer < scale_.size(); ++layer)
    for (int64_t i = bounds_[layer]; i < bounds_[layer + 1]; ++i)
      gradient[index_[static_cast<size_t>(i)]] = scale_[layer] * from[i];
}

}  // namespace medpfl
