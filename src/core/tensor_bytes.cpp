#include "core/tensor_bytes.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace medpfl {
namespace {

enum class Kind : int8_t { kUndefined, kFloat, kByte };

}  // namespace

void pack_tensor(const at::Tensor& tensor, ByteWriter* out) {
  if (!tensor.defined()) {
    out->value(Kind::kUndefined);
    return;
  }
  const at::Tensor data = tensor.contiguous();
  const bool bytes = data.scalar_type() == at::kByte;
  out->value(bytes ? Kind::kByte : Kind::kFloat);
  out->array(data.sizes().vec());
  if (bytes)
    out->array(data.data_ptr<uint8_t>(), data.numel());
  else
    out->array(data.data_ptr<float>(), data.numel());
}

at::Tensor unpack_tensor(ByteReader* in) {
  const Kind kind = in->value<Kind>();
  if (kind == Kind::kUndefined) return {};
  at::Tensor tensor = at::empty(in->array<int64_t>(), kind == Kind::kByte ? at::kByte : at::kFloat);
  if (kind == Kind::kByte)
    in->array_into(tensor.data_ptr<uint8_t>(), tensor.numel());
  else
    in->array_into(tensor.data_ptr<float>(), tensor.numel());
  return tensor;
}

void pack_flat(const FlatParameters& parameters, ByteWriter* out) {
  out->array(parameters.data(), parameters.size());
}

FlatParameters unpack_flat(const ParameterLayout& layout, ByteReader* in) {
  const std::vector<float> values = in->array<float>();
  if (values.empty()) return {};
  FlatParameters out(layout);
  if (static_cast<int64_t>(values.size()) != out.size())
    throw Error(ExitCode::kInternal, "a vector is not of the model's length");
  std::copy(values.begin(), values.end(), out.data());
  return out;
}

}  // namespace medpfl
