#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace medpfl {

/// Names, offsets and shapes of a model's parameters within one contiguous float32 buffer.
class ParameterLayout {
 public:
  struct Entry {
    std::string name;
    int64_t offset = 0;  ///< in elements
    int64_t size = 0;    ///< in elements
    std::vector<int64_t> shape;
  };

  /// Appends a parameter and returns its index. Throws on a name that is taken or an empty shape.
  int64_t add(std::string name, std::vector<int64_t> shape);

  int64_t size() const { return size_; }  ///< elements of all parameters, P
  int64_t count() const { return static_cast<int64_t>(entries_.size()); }
  const Entry& operator[](int64_t i) const { return entries_[static_cast<size_t>(i)]; }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  int64_t size_ = 0;
};

/// A model's weights, a gradient or an update: one contiguous float32 buffer [P]; named tensors are
/// views into it. Copies are deep.
class FlatParameters {
 public:
  FlatParameters() = default;
  /// All zero.
  explicit FlatParameters(const ParameterLayout& layout);
  FlatParameters(const FlatParameters& other);
  FlatParameters& operator=(const FlatParameters& other);
  FlatParameters(FlatParameters&&) = default;
  FlatParameters& operator=(FlatParameters&&) = default;
  ~FlatParameters() = default;

  const ParameterLayout& layout() const { return layout_; }
  int64_t size() const { return layout_.size(); }
  float* data();
  const float* data() const;
  const at::Tensor& buffer() const { return buffer_; }  ///< [P] float32
  /// Parameter i in its own shape; shares memory with the buffer.
  at::Tensor view(int64_t i) const;
  /// All parameters as views. With `requires_grad` each is a leaf of autograd that shares memory.
  std::vector<at::Tensor> views(bool requires_grad = false) const;

  /// Copies tensors (one for each parameter, same shapes) into the buffer.
  void assign(const std::vector<at::Tensor>& tensors);
  void fill(float value);
  /// this += scale * other; same layout.
  void add(const FlatParameters& other, double scale);
  void multiply(double scale);
  /// Euclidean norm, accumulated in float64.
  double norm() const;
  bool all_finite() const;

 private:
  ParameterLayout layout_;
  at::Tensor buffer_;
};

}  // namespace medpfl
