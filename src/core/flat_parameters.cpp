#include "core/flat_parameters.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace medpfl {

int64_t ParameterLayout::add(std::string name, std::vector<int64_t> shape) {
  int64_t size = 1;
  for (const int64_t extent : shape) size *= extent;
  if (size <= 0) throw Error(ExitCode::kInternal, fmt::format("parameter '{}' is empty", name));
  for (const Entry& entry : entries_)
    if (entry.name == name)
      throw Error(ExitCode::kInternal, fmt::format("parameter '{}' is declared twice", name));
  entries_.push_back({std::move(name), size_, size, std::move(shape)});
  size_ += size;
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
    out.push_back(view(i).detach().set_requires_grad(requires_grad));
  return out;
}

void FlatParameters::assign(const std::vector<at::Tensor>& tensors) {
  for (int64_t i = 0; i < layout_.count(); ++i) {
    const at::Tensor source = tensors[static_cast<size_t>(i)].detach().contiguous();
    std::copy_n(source.data_ptr<float>(), layout_[i].size, data() + layout_[i].offset);
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

double FlatParameters::norm() const {
  double sum = 0;
  const float* in = data();
  for (int64_t i = 0; i < size(); ++i) sum += static_cast<double>(in[i]) * in[i];
  return std::sqrt(sum);
}

bool FlatParameters::all_finite() const {
  const float* in = data();
  return std::all_of(in, in + size(), [](float v) { return std::isfinite(v); });
}

}  // namespace medpfl
