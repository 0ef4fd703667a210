#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"
#include "core/options.hpp"
#include "core/registry.hpp"

namespace medpfl {

struct ImageShape {
  int64_t channels = 1, height = 32, width = 32;
  int64_t size() const { return channels * height * width; }
};

enum class Activation { kSigmoid, kTanh, kRelu, kLeakyRelu, kElu, kSilu };

/// One layer of a feed-forward network, as data, so that any engine can walk it. kImprint, which
/// only a malicious server adds, in front of all others, is x + sum of relu(W x + b) over rows,
/// added to every pixel.
struct Layer {
  enum class Kind { kConvolution, kGroupNorm, kActivation, kMaxPool, kFlatten, kDense, kImprint };
  Kind kind = Kind::kFlatten;
  int64_t weight = -1, bias = -1;               ///< indices into the layout, -1: none
  int64_t kernel = 0, stride = 1, padding = 0;  ///< convolution and pooling, in pixels
  int64_t groups = 1;                           ///< of the normalization
  Activation activation = Activation::kSigmoid;
};

/// An image classifier: layers and the layout of its parameters, without the weights themselves.
class Model {
 public:
  Model(std::string name, ImageShape input, int64_t classes, std::vector<Layer> layers,
        ParameterLayout layout);

  const std::string& name() const { return name_; }
  const ImageShape& input() const { return input_; }
  int64_t classes() const { return classes_; }
  const std::vector<Layer>& layers() const { return layers_; }
  const ParameterLayout& layout() const { return layout_; }
  /// Where tensors are computed; all flat buffers stay on the CPU.
  at::Device device() const { return device_; }
  void compute_on(at::Device device) { device_ = device; }
  /// The last dense layer, whose gradient gives labels away.
  const Layer& head() const { return layers_.back(); }

  /// All on the model's device: images float32 [B, C, H, W], weights as views in the order of the
  /// layout -> logits [B, classes].
  at::Tensor forward(const std::vector<at::Tensor>& weights, const at::Tensor& images) const;

 private:
  std::string name_;
  ImageShape input_;
  int64_t classes_;
  std::vector<Layer> layers_;
  ParameterLayout layout_;
  at::Device device_ = at::kCPU;
};

/// What every model is built from.
struct ModelRequest {
  ImageShape input;
  int64_t classes = 2;
  std::string activation = "auto";  ///< "auto": the paper's own
  int64_t imprint_rows = 0;         ///< of an imprint block in front; 0: none
};

using ModelFactory = std::function<Model(const OptionValues& own, const ModelRequest& request)>;

/// lenet-medpfl, lenet-dlg, lenet-cpl, mlp, convnet.
const Registry<ModelFactory>& models();

/// The words of model.activation, without "auto".
std::vector<std::string> activation_names();

/// How the first weights are drawn.
struct Initialization {
  std::string kind = "pytorch";  ///< pytorch | uniform | normal | xavier | kaiming
  double scale = 0.5;            ///< uniform: U(-scale, scale); normal: N(0, scale^2); else unused
};

/// Words of model.init.
std::vector<std::string> initialization_names();

/// Weights of round 0. `pytorch`: U(-1/sqrt(fan_in), 1/sqrt(fan_in)); `xavier`: Glorot & Bengio
/// 2010 uniform; `kaiming`: He et al. 2015 normal, gain sqrt(2); biases zero in the last two.
/// Weights of normalization layers are one and their biases zero whatever the kind.
/// An imprint block is zero until the server sets it.
FlatParameters initial_weights(const Model& model, const Initialization& init, uint64_t seed);

}  // namespace medpfl
