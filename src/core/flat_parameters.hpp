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
    int64_t offset = 0;  ///< elements before it in the buffer
    int64_t size = 0;    ///< number of its elements
    std::vector<int64_t> shape;
    bool statistic = false;  ///< whether it is a statistic and not a parameter
  };

  /// Appends a parameter and returns its index. Throws on a name that is taken or an empty shape.
  int64_t add(std::string name, std::vector<int64_t> shape);
  /// Appends a statistic and returns its index; no parameter may follow. Throws as add().
  int64_t add_statistic(std::string name, std::vector<int64_t> shape);

  int64_t size() const { return size_; }            ///< elements of all tensors, P
  int64_t trainable() const { return trainable_; }  ///< elements of the parameters, the first ones
  /// Returns the number of entries.
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
  /// Makes a vector of this layout, all zero.
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
  /// Returns tensor i of the layout in its own shape; it shares memory with the buffer.
  at::Tensor view(int64_t i) const;
  /// Returns all tensors, which share memory with the buffer. With `requires_grad` the parameters
  /// are leaves of autograd.
  std::vector<at::Tensor> views(bool requires_grad = false) const;

  /// Copies tensors (of the same shapes) into the first entries of the layout; other entries keep
  /// their values. Tensors that already are those entries are not copied.
  void assign(const std::vector<at::Tensor>& tensors);
  void fill(float value);
  /// Adds `scale` times another vector of the same layout.
  void add(const FlatParameters& other, double scale);
  void multiply(double scale);
  /// Takes a step: adds -rate * gradient to the parameters, and share * gradient to the statistics,
  /// for which `gradient` holds their change in the batch.
  void step(const FlatParameters& gradient, double rate, double share = 1);
  /// Returns the L2 norm, accumulated in float64.
  double norm() const { return norm(size()); }
  /// Returns the L2 norm of the first `entries` values.
  double norm(int64_t entries) const;
  bool all_finite() const;

 private:
  ParameterLayout layout_;
  at::Tensor buffer_;
};

}  // namespace medpfl
