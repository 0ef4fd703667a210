#pragma once
#include <string>
#include <vector>

#include "core/option_table.hpp"
#include "models/model.hpp"

namespace medpfl {

/// What normalizes behind a convolution.
enum class NormKind { kBatch, kGroup, kNone };
const Words<NormKind>& words_of(NormKind);

struct NormOptions {
  NormKind kind = NormKind::kBatch;
  int64_t groups = 8;  ///< of kGroup, at most
};

/// Appends layers one after another and keeps track of shapes and parameter names: those given by
/// `named`, else the kind and a number ("conv1.weight").
class NetworkBuilder {
 public:
  /// `default_activation` holds where the request says "auto".
  NetworkBuilder(const ModelRequest& request, Activation default_activation);

  NetworkBuilder& named(std::string name);  ///< of the next layer that has parameters
  /// Throws ConfigError when the image is too small for the kernel.
  NetworkBuilder& convolution(int64_t out_channels, int64_t kernel, int64_t stride, int64_t padding,
                              bool bias = true);
  NetworkBuilder& group_norm(int64_t groups);
  NetworkBuilder& batch_norm();
  NetworkBuilder& norm(const NormOptions& options);
  NetworkBuilder& activation();
  /// `stride` 0: the kernel's size.
  NetworkBuilder& max_pool(int64_t kernel, int64_t stride = 0, int64_t padding = 0);
  NetworkBuilder& average_pool();               ///< over the whole image
  NetworkBuilder& dense(int64_t out_features);  ///< flattens first where needed
  /// The bottleneck between its encoder and its decoder, which brings back the number of features.
  NetworkBuilder& bottleneck(const Bottleneck& bottleneck);

  /// A residual block: keep(), its layers, then add(), which adds what was kept. shortcut() before
  /// it: the layers that follow are those of what was kept.
  NetworkBuilder& keep();
  NetworkBuilder& shortcut();
  NetworkBuilder& add();
  /// Every stride-th pixel, and zeros for the channels that are missing to `out_channels`.
  NetworkBuilder& subsample(int64_t out_channels, int64_t stride);

  const ImageShape& shape() const { return shape_; }  ///< of the last layer's output
  /// Adds what the request has before the head, then the head, the classifying dense layer, which
  /// has the same name whatever is before it, and hands over the model.
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

/// The options norm (`none` only where `with_none`) and groups.
OptionTable<NormOptions> norm_options(bool with_none);

}  // namespace medpfl
