#pragma once
#include <string>
#include <vector>

#include "models/model.hpp"

namespace medpfl {

/// Appends layers one after another and keeps track of shapes and parameter names ("conv1.weight").
class NetworkBuilder {
 public:
  /// `default_activation` holds where the request says "auto".
  NetworkBuilder(const ModelRequest& request, Activation default_activation);

  /// Throws ConfigError when the image is too small for the kernel.
  NetworkBuilder& convolution(int64_t out_channels, int64_t kernel, int64_t stride,
                              int64_t padding);
  NetworkBuilder& group_norm(int64_t groups);
  NetworkBuilder& activation();
  NetworkBuilder& max_pool(int64_t kernel);
  NetworkBuilder& dense(int64_t out_features);  ///< flattens first where needed
  /// Adds the classifying dense layer and hands over the model.
  Model build(std::string name);

 private:
  std::string next_name(const std::string& kind);

  ModelRequest request_;
  Activation activation_;
  ImageShape shape_;  ///< of the last layer's output; features in channels once flat
  bool flat_ = false;
  int64_t named_ = 0;
  std::vector<Layer> layers_;
  ParameterLayout layout_;
};

}  // namespace medpfl
