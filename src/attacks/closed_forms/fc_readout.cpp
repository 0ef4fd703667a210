// A dense layer z = Wx + b that sees the image has dL/dW_i = sum_j d_ij x_j and dL/db_i = sum_j
// d_ij over the images j of the batch. Of one image every row with d_i != 0 gives x = dL/dW_i /
// dL/db_i (Aono et al. 2017, IEEE TIFS 13(5); Geiping et al. 2020, arXiv 2003.14053, proposition
// 3.1). Of several images a row gives an affine mixture of those that activate it.
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "attacks/closed_forms/closed_form.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

using Rows = std::vector<int64_t>;

const Layer* first_dense(const Model& model) {
  for (const Layer& layer : model.layers())
    if (layer.kind != Layer::Kind::kFlatten && layer.kind != Layer::Kind::kNormalize)
      return layer.kind == Layer::Kind::kDense && layer.bias >= 0 ? &layer : nullptr;
  return nullptr;
}

// The first dense layer's part of the gradient, in float64, as if it saw pixels: where the network
// sees (x - mean) / deviation, sum_j d_ij x_j = deviation dL/dW_i + mean dL/db_i.
struct Gradient {
  at::Tensor weight;  // [rows, pixels]
  at::Tensor bias;    // [rows]

  Gradient(const Model& model, const Observation& observation, const Layer& layer)
      : weight(observation.gradient.view(layer.weight).to(at::kDouble)),
        bias(observation.gradient.view(layer.bias).to(at::kDouble)) {
    const Normalization pixels = model.normalization();
    const int64_t plane = weight.size(1) / model.input().channels;
    for (size_t c = 0; c < pixels.mean.size(); ++c)
      weight.narrow(1, static_cast<int64_t>(c) * plane, plane)
          .mul_(pixels.deviation[c])
          .add_(bias.unsqueeze(1), pixels.mean[c]);
  }

  double bias_at(int64_t i) const { return bias.data_ptr<double>()[i]; }

  // Least squares of weight_i = bias_i x over the rows.
  at::Tensor image(const Rows& rows) const {
    const at::Tensor index = at::tensor(rows, at::kLong);
    const at::Tensor b = bias.index_select(0, index);
    return at::matmul(b, weight.index_select(0, index)).div(b.square().sum());
  }

  // Rows with any bias gradient, largest first.
  Rows live_rows() const {
    Rows rows(static_cast<size_t>(bias.numel()));
    std::iota(rows.begin(), rows.end(), int64_t{0});
    const auto size = [&](int64_t i) { return std::abs(bias_at(i)); };
    rows.erase(std::remove_if(rows.begin(), rows.end(), [&](int64_t i) { return size(i) == 0; }),
               rows.end());
    std::stable_sort(rows.begin(), rows.end(),
                     [&](int64_t a, int64_t b) { return size(a) > size(b); });
    return rows;
  }

  // Rows that give the same image, up to `tolerance` of its norm.
  std::vector<Rows> agreeing(Rows rows, double tolerance) const {
    std::vector<Rows> out;
    while (!rows.empty()) {
      const at::Tensor index = at::tensor(rows, at::kLong);
      const at::Tensor images =
          weight.index_select(0, index).div(bias.index_select(0, index).unsqueeze(1));
      const at::Tensor distance = images.sub(images[0]).norm(2, 1).contiguous();
      const double bound = tolerance * images[0].norm().item<double>();
      Rows group, rest;
      for (size_t r = 0; r < rows.size(); ++r)
        (r == 0 || distance.data_ptr<double>()[r] <= bound ? group : rest).push_back(rows[r]);
      out.push_back(std::move(group));
      rows = std::move(rest);
    }
    return out;
  }

  // The share of the weight's gradient that no image explains, each row with its best one.
  double unexplained(const std::vector<ReadImage>& images) const {
    const double energy = weight.square().sum().item<double>();
    if (!(energy > 0)) return std::numeric_limits<double>::infinity();
    std::vector<at::Tensor> errors;
    for (const ReadImage& one : images) {
      const at::Tensor pixels = one.image.flatten().to(at::kDouble);
      errors.push_back(weight.sub(bias.unsqueeze(1).mul(pixels)).square().sum(1));
    }
    return at::stack(errors).amin(0).sum().item<double>() / energy;
  }
};

class FcReadout final : public ClosedFormAttack {
 public:
  FcReadout(const ClosedFormOptions& own, const AttackRequest& request)
      : ClosedFormAttack(own, request, "fc-readout") {}

 protected:
  const Layer& layer(const Model& model) const override {
    const Layer* found = first_dense(model);
    if (found == nullptr)
      throw ConfigError(
          fmt::format("fc-readout reads images from a dense layer with a bias that sees them "
                      "directly, and the first layer of {} is none; use model.name=mlp, or "
                      "another attack",
                      model.name()));
    return *found;
  }

  Reading read(const Model& model, const Observation& observation, ImageFit* fit) const override {
    const Gradient gradient(model, observation, layer(model));
    Reading out;
    out.status = "unread";
    const Rows live = gradient.live_rows();
    if (live.empty()) return out;
    const auto batch = static_cast<size_t>(observation.batch);
    const std::vector<Rows> groups =
        batch == 1 ? std::vector<Rows>{live} : gradient.agreeing(live, tolerance());
    for (const Rows& rows : groups) out.images.push_back(image_of(model, gradient, rows, fit));
    std::stable_sort(out.images.begin(), out.images.end(),
                     [](const ReadImage& a, const ReadImage& b) {
                       return std::pair(a.out_of_range(), a.least_misfit()) <
                              std::pair(b.out_of_range(), b.least_misfit());
                     });
    out.images.resize(std::min(out.images.size(), batch));
    const bool all = out.images.size() == batch && !out.images.back().out_of_range() &&
                     out.images.back().least_misfit() <= tolerance();
    out.status = all ? "verified" : "finished";
    // What is missing is in the mixtures; the best guess at it is that of all rows together.
    if (out.images.size() < batch) out.images.resize(batch, image_of(model, gradient, live, fit));
    out.unexplained = gradient.unexplained(out.images);
    return out;
  }

 private:
  static ReadImage image_of(const Model& model, const Gradient& gradient, const Rows& rows,
                            ImageFit* fit) {
    const ImageShape& shape = model.input();
    ReadImage one;
    one.image =
        gradient.image(rows).view({shape.channels, shape.height, shape.width}).to(at::kFloat);
    const at::Tensor index = at::tensor(rows, at::kLong);
    const at::Tensor seen = gradient.bias.index_select(0, index);
    const at::Tensor error =
        fit->gradients(one.image).index_select(1, index).sub(seen).norm(2, 1).div(seen.norm());
    for (int64_t c = 0; c < model.classes(); ++c) one.misfit.push_back(error[c].item<double>());
    return one;
  }
};

}  // namespace

RegistryEntry<AttackFactory> fc_readout() {
  const OptionTable<ClosedFormOptions> options = closed_form_options(
      "rows", "largest relative error at which rows agree and an image is verified");
  return {"fc-readout", "read the image from the gradient of a biased dense first layer",
          "Aono et al., IEEE TIFS 2018; Geiping et al., NeurIPS 2020, arXiv 2003.14053",
          options.specs(),
          with_options(options, [](const ClosedFormOptions& own, const AttackRequest& request) {
            return std::make_unique<FcReadout>(own, request);
          })};
}

}  // namespace medpfl
