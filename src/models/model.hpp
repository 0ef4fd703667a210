#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/flat_parameters.hpp"
#include "core/options.hpp"
#include "core/registry.hpp"
#include "models/bottleneck.hpp"
#include "models/normalization.hpp"

namespace medpfl {

struct ImageShape {
  int64_t channels = 1, height = 32, width = 32;
  int64_t size() const { return channels * height * width; }
};

enum class Activation { kSigmoid, kTanh, kRelu, kLeakyRelu, kElu, kSilu };

/// What batch normalization normalizes by: the stored statistics, or those of the batch.
enum class NormMode { kEval, kTrain };

/// The words of model.norm_mode: eval, train.
std::vector<std::string> norm_mode_names();
NormMode parse_norm_mode(const std::string& word);
std::string norm_mode_word(NormMode mode);

/// Added to variances, and the weight of a batch in the running statistics, as in PyTorch.
inline constexpr double kNormEpsilon = 1e-5, kNormMomentum = 0.1;

/// One layer of a network, as data, so that any engine can walk it. All but three kinds map the
/// current tensor to the next; a residual block is kKeep, its layers, optionally kSwap and the
/// layers of its shortcut, and kAdd. kImprint, which only a malicious server adds, in front of all
/// others, is x + sum of relu(W x + b) over rows, added to every pixel.
struct Layer {
  enum class Kind {
    kConvolution,
    kGroupNorm,
    kBatchNorm,
    kActivation,
    kMaxPool,
    kAveragePool,  ///< mean over all pixels, [B, C, 1, 1]
    kSubsample,  ///< every stride-th pixel; `padding` channels of zeros before and after the others
    kFlatten,
    kDense,
    kKeep,  ///< remembers the current tensor
    kSwap,  ///< exchanges the current and the remembered tensor
    kAdd,   ///< adds the remembered tensor
    kImprint,
    kNormalize,   ///< (x - shift) / scale, in front of all others but kImprint
    kBottleneck,  ///< [B, 2K] -> [B, K], see Bottleneck; its encoder before, its decoder behind it
  };
  Kind kind = Kind::kFlatten;
  int64_t weight = -1, bias = -1;               ///< indices into the layout, -1: none
  int64_t mean = -1, variance = -1;             ///< likewise, statistics of kBatchNorm
  int64_t kernel = 0, stride = 1, padding = 0;  ///< convolution and pooling, in pixels
  int64_t groups = 1;                           ///< of kGroupNorm
  Activation activation = Activation::kSigmoid;
  at::Tensor shift, scale;  ///< of kNormalize: constants, float32 [C, 1, 1]
  Bottleneck bottleneck;    ///< of kBottleneck
};

/// Which side of its kink each unit is on and where each pooled maximum comes from: kept by one
/// forward pass, used by later ones, which are then smooth in weights and images.
class Switches {
 public:
  bool replaying() const { return replaying_; }
  void keep(at::Tensor decision) { kept_.push_back(std::move(decision)); }
  /// From now on forward passes use what was kept, from the first layer on.
  void replay() {
    replaying_ = true;
    next_ = 0;
  }
  const at::Tensor& next() { return kept_.at(next_++); }

 private:
  std::vector<at::Tensor> kept_;
  size_t next_ = 0;
  bool replaying_ = false;
};

/// An image classifier: layers and the layout of its tensors, without the weights themselves.
class Model {
 public:
  Model(std::string name, ImageShape input, int64_t classes, std::vector<Layer> layers,
        ParameterLayout layout, NormMode norm_mode);

  const std::string& name() const { return name_; }
  const ImageShape& input() const { return input_; }
  int64_t classes() const { return classes_; }
  const std::vector<Layer>& layers() const { return layers_; }
  const ParameterLayout& layout() const { return layout_; }
  /// Of training and of the gradients that are attacked; evaluation is always kEval.
  NormMode norm_mode() const { return norm_mode_; }
  /// Where tensors are computed; all flat buffers stay on the CPU.
  at::Device device() const { return device_; }
  void compute_on(at::Device device);
  /// What kNormalize does to pixels; empty without one.
  Normalization normalization() const;
  /// Of width 0 without one. What is differentiated by the weights is then the cross entropy plus
  /// its weight times its divergence.
  Bottleneck bottleneck() const;
  /// The last dense layer, whose gradient gives labels away.
  const Layer& head() const { return layers_.back(); }

  /// All on the model's device: images float32 [B, C, H, W], weights as views in the order of the
  /// layout -> logits [B, classes], in the model's norm mode. Unless null, `switches` keeps or
  /// gives every switch. Without a `bottleneck` that gives noise, z is the mean there.
  at::Tensor forward(const std::vector<at::Tensor>& weights, const at::Tensor& images,
                     Switches* switches = nullptr, BottleneckPass* bottleneck = nullptr) const {
    return forward(weights, images, norm_mode_, nullptr, switches, bottleneck);
  }
  /// The same in another norm mode. Under kTrain `statistics`, unless null, takes the mean and the
  /// unbiased variance of the batch, one tensor a statistic of the layout; under kEval nothing.
  /// Throws NumericError where kTrain meets one value a channel, which has no variance.
  at::Tensor forward(const std::vector<at::Tensor>& weights, const at::Tensor& images,
                     NormMode norm_mode, std::vector<at::Tensor>* statistics,
                     Switches* switches = nullptr, BottleneckPass* bottleneck = nullptr) const;

 private:
  std::string name_;
  ImageShape input_;
  int64_t classes_;
  std::vector<Layer> layers_;
  ParameterLayout layout_;
  NormMode norm_mode_;
  at::Device device_ = at::kCPU;
};

class NetworkBuilder;

/// Adds layers in front of the head of a network, whose name stays; empty: adds none.
using HeadHook = std::function<void(NetworkBuilder* network)>;

/// What every model is built from.
struct ModelRequest {
  ImageShape input;
  int64_t classes = 2;
  std::string activation = "auto";  ///< "auto": the paper's own
  NormMode norm_mode = NormMode::kEval;
  Normalization normalization = {};
  int64_t imprint_rows = 0;   ///< of an imprint block in front; 0: none
  HeadHook before_head = {};  ///< what a defense adds
};

using ModelFactory = std::function<Model(const OptionValues& own, const ModelRequest& request)>;

/// Returns the table of all architectures.
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
/// Weights of normalization layers are one and their biases zero whatever the kind; their
/// statistics are mean 0 and variance 1. An imprint block is zero until the server sets
/// it. The encoder and the decoder of a bottleneck are `pytorch` whatever the kind: wide weights
/// would make its variances, which are exponentials, overflow.
FlatParameters initial_weights(const Model& model, const Initialization& init, uint64_t seed);

/// Raises negative running variances, which noise on updates can bring about, to zero.
void mend_variances(const Model& model, FlatParameters* weights);

}  // namespace medpfl
