#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace medpfl {

/// Names, offsets and shapes of a model's tensors within one contiguous float32 buffer: first the
/// parameters, which have gradients, then the statistics (running means and variances of batch
/// normalization), which have none.
class ParameterLayout {
 public:
  struct Entry {
    std::string name;
    int64_t offset = 0;  ///< in elements
    int64_t size = 0;    ///< in elements
    std::vector<int64_t> shape;
    bool statistic = false;
  };

  /// Appends a parameter and returns its index. Throws on a name that is taken or an empty shape.
  int64_t add(std::string name, std::vector<int64_t> shape);
  /// Appends a statistic, likewise; no parameter may follow.
  int64_t add_statistic(std::string name, std::vector<int64_t> shape);

  int64_t size() const { return size_; }            ///< elements of all tensors, P
  int64_t trainable() const { return trainable_; }  ///< elements of the parameters; they lead
  int64_t count() const { return static_cast<int64_t>(entries_.size()); }
  int64_t trainable_count() const { return trainable_count_; }  ///< entries of the parameters
  const Entry& operator[](int64_t i) const { return entries_[static_cast<size_t>(i)]; }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  int64_t append(Entry entry);

  std::vector<Entry> entries_;
  int64_t size_ = 0, trainable_ = 0, trainable_count_ = 0;
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
  /// All tensors as views. With `requires_grad` parameters are leaves of autograd that share
  /// memory.
  std::vector<at::Tensor> views(bool requires_grad = false) const;

  /// Copies tensors (of the same shapes) into the first entries of the layout; others stay, as do
  /// tensors that are those entries already.
  void assign(const std::vector<at::Tensor>& tensors);
  void fill(float value);
  /// this += scale * other; same layout.
  void add(const FlatParameters& other, double scale);
  void multiply(double scale);
  /// A step against `gradient`, whose statistics' entries hold their change: parameters take
  /// -rate * gradient, statistics `share` of their change.
  void step(const FlatParameters& gradient, double rate, double share = 1);
  /// Euclidean norm, accumulated in float64.
  double norm() const { return norm(size()); }
  /// That of the first `entries` values.
  double norm(int64_t entries) const;
  bool all_finite() const;

 private:
  ParameterLayout layout_;
  at::Tensor buffer_;
};

}  // namespace medpfl
