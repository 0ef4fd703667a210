#include "core/flat_parameters.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace medpfl {

int64_t ParameterLayout::add(std::string name, std::vector<int64_t> shape) {
  if (trainable_count_ < count())
    throw Error(ExitCode::kInternal, fmt::format("parameter '{}' follows a statistic", name));
  const int64_t index = append({std::move(name), 0, 0, std::move(shape), false});
  trainable_ = size_;
  trainable_count_ = count();
  return index;
}

int64_t ParameterLayout::add_statistic(std::string name, std::vector<int64_t> shape) {
  return append({std::move(name), 0, 0, std::move(shape), true});
}

int64_t ParameterLayout::append(Entry entry) {
  entry.offset = size_;
  entry.size = 1;
  bool overflow = false;
  for (const int64_t extent : entry.shape)
    overflow |= __builtin_mul_overflow(entry.size, extent, &entry.size);
  int64_t end = 0;
  if (overflow || __builtin_add_overflow(size_, entry.size, &end))
    throw ConfigError(
        fmt::format("parameter '{}' of {} values is too large; take a smaller network", entry.name,
                    fmt::join(entry.shape, "x")));
  if (entry.size <= 0)
    throw Error(ExitCode::kInternal, fmt::format("parameter '{}' is empty", entry.name));
  for (const Entry& other : entries_)
    if (other.name == entry.name)
      throw Error(ExitCode::kInternal, fmt::format("parameter '{}' is declared twice", entry.name));
  size_ = end;
  entries_.push_back(std::move(entry));
  return count() - 1;
}

FlatParameters::FlatParameters(const ParameterLayout& layout)
    : layout_(layout), buffer_(at::zeros({layout.size()}, at::kFloat)) {}

FlatParameters::FlatParameters(const FlatParameters& other)
    : layout_(other.layout_),
      buffer_(other.buffer_.defined() ? other.buffer_.clone() : at::Tensor()) {}

FlatParameters& FlatParameters::operator=(const FlatParameters& other) {
  if (this == &other) return *this;
  if (buffer_.defined() && other.buffer_.defined() && size() == other.size()) {
    std::copy_n(other.data(), size(), data());
    layout_ = other.layout_;
  } else {
    *this = FlatParameters(other);
  }
  return *this;
}

float* FlatParameters::data() { return buffer_.defined() ? buffer_.data_ptr<float>() : nullptr; }
const float* FlatParameters::data() const {
  return buffer_.defined() ? buffer_.data_ptr<float>() : nullptr;
}

at::Tensor FlatParameters::view(int64_t i) const {
  const ParameterLayout::Entry& entry = layout_[i];
  return buffer_.narrow(0, entry.offset, entry.size).view(entry.shape);
}

std::vector<at::Tensor> FlatParameters::views(bool requires_grad) const {
  std::vector<at::Tensor> out;
  out.reserve(static_cast<size_t>(layout_.count()));
  for (int64_t i = 0; i < layout_.count(); ++i)
    out.push_back(view(i).detach().set_requires_grad(requires_grad && !layout_[i].statistic));
  return out;
}

void FlatParameters::assign(const std::vector<at::Tensor>& tensors) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    const ParameterLayout::Entry& entry = layout_[static_cast<int64_t>(i)];
    const at::Tensor source = tensors[i].detach().contiguous();
    const float* from = source.data_ptr<float>();
    if (from != data() + entry.offset) std::copy_n(from, entry.size, data() + entry.offset);
  }
}

void FlatParameters::fill(float value) { std::fill_n(data(), size(), value); }

void FlatParameters::add(const FlatParameters& other, double scale) {
  const float factor = static_cast<float>(scale);
  float* out = data();
  const float* in = other.data();
  for (int64_t i = 0; i < size(); ++i) out[i] += factor * in[i];
}

void FlatParameters::multiply(double scale) {
  const float factor = static_cast<float>(scale);
  float* out = data();
  for (int64_t i = 0; i < size(); ++i) out[i] *= factor;
}

void FlatParameters::step(const FlatParameters& gradient, double rate, double share) {
  const auto descend = static_cast<float>(-rate), change = static_cast<float>(share);
  float* out = data();
  const float* in = gradient.data();
  const int64_t n = layout_.trainable();
  for (int64_t i = 0; i < n; ++i) out[i] += descend * in[i];
  for (int64_t i = n; i < size(); ++i) out[i] += change * in[i];
}

double FlatParameters::norm(int64_t entries) const {
  double sum = 0;
  const float* in = data();
  for (int64_t i = 0; i < entries; ++i) sum += static_cast<double>(in[i]) * in[i];
  return std::sqrt(sum);
}

bool FlatParameters::all_finite() const {
  const float* in = data();
  return std::all_of(in, in + size(), [](float v) { return std::isfinite(v); });
}

}  // namespace medpfl
