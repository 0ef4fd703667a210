#pragma once
#include <string>
#include <vector>

#include "core/option_table.hpp"
#include "models/model.hpp"

namespace medpfl {

/// The most layers that an option can ask for.
inline constexpr int64_t kMostLayers = 1000;

/// Which normalization follows a convolution.
enum class NormKind { kBatch, kGroup, kNone };
const Words<NormKind>& words_of(NormKind);

struct NormOptions {
  NormKind kind = NormKind::kBatch;
  int64_t groups = 8;  ///< largest number of groups of kGroup
};

/// Builds a network by appending layers one after another. Keeps track of shapes, and of parameter
/// names: those given by `named`, else the layer's kind and a number ("conv1.weight").
class NetworkBuilder {
 public:
  /// `default_activation` holds where the request says "auto".
  NetworkBuilder(const ModelRequest& request, Activation default_activation);

  /// Names the next layer that has parameters.
  NetworkBuilder& named(std::string name);
  /// Appends a convolution. Throws ConfigError where the image is too small for the kernel.
  NetworkBuilder& convolution(int64_t out_channels, int64_t kernel, int64_t stride, int64_t padding,
                              bool bias = true);
  NetworkBuilder& group_norm(int64_t groups);
  NetworkBuilder& batch_norm();
  NetworkBuilder& norm(const NormOptions& options);
  NetworkBuilder& activation();
  /// Appends a max pooling; `stride` 0 means the kernel's size.
  NetworkBuilder& max_pool(int64_t kernel, int64_t stride = 0, int64_t padding = 0);
  NetworkBuilder& average_pool();               ///< appends a mean over the whole image
  NetworkBuilder& dense(int64_t out_features);  ///< flattens before where needed
  /// Appends a bottleneck between its encoder and its decoder, which restores the number of
  /// features.
  NetworkBuilder& bottleneck(const Bottleneck& bottleneck);

  /// Make a residual block: keep() remembers the current tensor, the block's layers follow, add()
  /// adds the remembered tensor. Layers between shortcut() and add() apply to the remembered
  /// tensor.
  NetworkBuilder& keep();
  NetworkBuilder& shortcut();
  NetworkBuilder& add();
  /// Appends a layer that takes every stride-th pixel and fills up to `out_channels` with zeros.
  NetworkBuilder& subsample(int64_t out_channels, int64_t stride);

  const ImageShape& shape() const { return shape_; }  ///< shape of the last layer's output
  /// Appends what the request has in front of the head, then the head, a dense layer whose name
  /// does not depend on what is before it, and returns the model.
  Model build(std::string name);

 private:
  std::string next_name(const std::string& kind);
  Layer norm_layer(Layer::Kind kind);

  ModelRequest request_;
  Activation activation_;
  ImageShape shape_;  ///< features in channels once flat
  ImageShape kept_;
  bool flat_ = false;
  int64_t named_ = 0;
  std::string name_;
  std::vector<Layer> layers_;
  ParameterLayout layout_;
};

/// Returns the options `norm` (with the choice `none` only where `with_none`) and `groups`.
OptionTable<NormOptions> norm_options(bool with_none);

}  // namespace medpfl
