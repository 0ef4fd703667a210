#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/flat_parameters.hpp"
#include "core/options.hpp"
#include "core/registry.hpp"
#include "core/words.hpp"
#include "models/bottleneck.hpp"
#include "models/normalization.hpp"

namespace medpfl {

/// The shape of the images that a network takes.
struct ImageShape {
  int64_t channels = 1, height = 32, width = 32;
  int64_t size() const { return channels * height * width; }
};

enum class Activation { kSigmoid, kTanh, kRelu, kLeakyRelu, kElu, kSilu };
const Words<Activation>& words_of(Activation);

/// By which statistics batch normalization normalizes: the stored ones (kEval) or those of the
/// batch (kTrain).
enum class NormMode { kEval, kTrain };
const Words<NormMode>& words_of(NormMode);

/// What batch normalization adds to variances, and the weight of a batch in the running statistics,
/// as in PyTorch.
inline constexpr double kNormEpsilon = 1e-5, kNormMomentum = 0.1;

/// One layer of a network, as data that any engine can interpret. Most kinds map the current tensor
/// to the next; a residual block is kKeep, its layers, optionally kSwap and the layers of its
/// shortcut, and kAdd. kImprint, which only a malicious server adds, in front of all other layers,
/// adds the sum of relu(W x + b) over rows to every pixel of x.
struct Layer {
  enum class Kind {
    kConvolution,
    kGroupNorm,
    kBatchNorm,
    kActivation,
    kMaxPool,
    kAveragePool,  ///< mean over all pixels, [B, C, 1, 1]
    kSubsample,    ///< takes every stride-th pixel and pads with `padding` zero channels on both
                   ///< sides
    kFlatten,
    kDense,
    kKeep,  ///< remembers the current tensor
    kSwap,  ///< exchanges the current and the remembered tensor
    kAdd,   ///< adds the remembered tensor
    kImprint,
    kNormalize,   ///< (x - shift) / scale, in front of all other layers but kImprint
    kBottleneck,  ///< [B, 2K] -> [B, K], see Bottleneck; between a dense encoder and decoder
  };
  Kind kind = Kind::kFlatten;
  int64_t weight = -1, bias = -1;               ///< indices into the layout; -1: none
  int64_t mean = -1, variance = -1;             ///< the same for statistics of kBatchNorm
  int64_t kernel = 0, stride = 1, padding = 0;  ///< convolution and pooling, in pixels
  int64_t groups = 1;  ///< channels are normalized in so many groups (kGroupNorm)
  Activation activation = Activation::kSigmoid;
  at::Tensor shift, scale;  ///< constants of kNormalize, float32 [C, 1, 1]
  Bottleneck bottleneck;    ///< settings of kBottleneck
};

/// Records in one forward pass on which side of its kink each unit is and where each pooled maximum
/// comes from. Later passes can reuse the record, and are then smooth in weights and images.
class Switches {
 public:
  bool replaying() const { return replaying_; }
  void keep(at::Tensor decision) { kept_.push_back(std::move(decision)); }
  /// Lets the next forward pass use what was kept, from the first layer on.
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

/// An image classifier: its layers and the layout of its tensors, without the weights themselves.
class Model {
 public:
  Model(std::string name, ImageShape input, int64_t classes, std::vector<Layer> layers,
        ParameterLayout layout, NormMode norm_mode);

  const std::string& name() const { return name_; }
  const ImageShape& input() const { return input_; }
  int64_t classes() const { return classes_; }
  const std::vector<Layer>& layers() const { return layers_; }
  const ParameterLayout& layout() const { return layout_; }
  /// Returns the norm mode of training and of the gradients that are attacked; evaluation is always
  /// kEval.
  NormMode norm_mode() const { return norm_mode_; }
  /// Returns the device where tensors are computed; all flat buffers stay on the CPU.
  at::Device device() const { return device_; }
  void compute_on(at::Device device);
  /// Returns what the layer kNormalize does to pixels; empty where there is none.
  Normalization normalization() const;
  /// Returns the bottleneck, of width 0 where the network has none. With a bottleneck the training
  /// loss is the cross entropy plus the bottleneck's weight times its divergence.
  Bottleneck bottleneck() const;
  /// Returns the last dense layer, whose gradient gives labels away.
  const Layer& head() const { return layers_.back(); }

  /// Returns the logits [B, classes] of images float32 [B, C, H, W], in the model's norm mode.
  /// `weights` are views in the order of the layout; all tensors are on the model's device.
  /// `switches`, unless null, records every switch or is replayed. Where `bottleneck` is null or
  /// has no noise, a bottleneck passes on its mean.
  at::Tensor forward(const std::vector<at::Tensor>& weights, const at::Tensor& images,
                     Switches* switches = nullptr, BottleneckPass* bottleneck = nullptr) const {
    return forward(weights, images, norm_mode_, nullptr, switches, bottleneck);
  }
  /// Returns the logits in any norm mode. Under kTrain `statistics`, unless null, is filled with
  /// the mean and the unbiased variance of the batch, one tensor for each statistic of the layout;
  /// under kEval it is left alone. Throws NumericError where kTrain meets a single value in a
  /// channel, which has no variance.
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

/// Adds layers in front of the head of a network, which keeps its name; empty: adds none.
using HeadHook = std::function<void(NetworkBuilder* network)>;

/// What every model is built from.
struct ModelRequest {
  ImageShape input;
  int64_t classes = 2;
  std::optional<Activation> activation = {};  ///< nothing: the one of the architecture's paper
  NormMode norm_mode = NormMode::kEval;
  Normalization normalization = {};
  int64_t imprint_rows = 0;   ///< rows of an imprint block in front; 0: no block
  HeadHook before_head = {};  ///< adds the layers of a defense
};

/// Makes a model from the checked options of its own section and the request.
using ModelFactory = std::function<Model(const OptionValues& own, const ModelRequest& request)>;

/// Returns the table of all architectures.
const Registry<ModelFactory>& models();

/// The distribution of first weights, between layers of fan_in inputs and fan_out outputs. Biases
/// are drawn likewise, but zero under kXavier and kKaiming.
enum class InitKind {
  kPytorch,  ///< U(-1/sqrt(fan_in), 1/sqrt(fan_in))
  kUniform,  ///< U(-scale, scale)
  kNormal,   ///< N(0, scale^2)
  kXavier,   ///< U(-a, a), a = sqrt(6/(fan_in + fan_out)) (Glorot & Bengio 2010)
  kKaiming   ///< N(0, 2/fan_in) (He et al. 2015)
};
const Words<InitKind>& words_of(InitKind);

/// How the weights of round 0 are drawn.
struct Initialization {
  InitKind kind = InitKind::kPytorch;
  double scale = 0.5;  ///< of kUniform and kNormal
};

/// Returns the weights of round 0. Whatever the kind, weights of normalization layers are one and
/// their biases zero, their statistics mean 0 and variance 1, and an imprint block is zero until
/// the server sets it. The encoder and the decoder of a bottleneck are always drawn by kPytorch:
/// wide weights would make the bottleneck's variances, which are exponentials, overflow.
FlatParameters initial_weights(const Model& model, const Initialization& init, uint64_t seed);

/// Raises negative running variances, which noise on updates can cause, to zero.
void mend_variances(const Model& model, FlatParameters* weights);

}  // namespace medpfl
