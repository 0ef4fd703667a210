#pragma once
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "attacks/observation.hpp"
#include "core/option_table.hpp"
#include "core/random.hpp"
#include "data/dataset.hpp"
#include "metrics/image.hpp"
#include "models/differentiator.hpp"
#include "models/model.hpp"

namespace medpfl::observations {

/// The model `name` for square images, its options at their defaults but those given.
inline Model build(const std::string& name, int64_t image_size, int64_t classes,
                   const std::string& activation = "auto",
                   const std::vector<std::pair<std::string, std::string>>& set = {},
                   NormMode norm_mode = NormMode::kEval) {
  const auto& entry = models().find(name);
  OptionValues own = OptionValues::defaults(entry.options);
  for (const auto& [option, value] : set) own.set(option, value);
  ModelRequest request;
  request.input = {1, image_size, image_size};
  request.classes = classes;
  request.activation = OptionText<std::optional<Activation>>::parse("activation", activation);
  request.norm_mode = norm_mode;
  return entry.create(own, request);
}

/// Uniform pixels in [0, 1), float32 [n, 1, size, size].
inline at::Tensor noise_images(int64_t n, int64_t size, uint64_t seed) {
  at::Tensor images = at::empty({n, 1, size, size}, at::kFloat);
  RandomStream random({seed, Purpose::kPhantom, 0, 0, 0});
  for (int64_t i = 0; i < images.numel(); ++i)
    images.data_ptr<float>()[i] = static_cast<float>(random.uniform());
  return images;
}

/// Phantom brain scans, size x size pixels: 4 to train on and 64 held out.
inline std::unique_ptr<Dataset> phantom_scans(int64_t size, uint64_t seed) {
  const auto& entry = datasets().find("phantom");
  OptionValues own = OptionValues::defaults(entry.options);
  own.set("train", "4");
  own.set("test", "64");
  DataRequest request;
  request.image_size = size;
  request.seed = seed;
  return entry.create.make(own, request);
}

/// One of them in [0, 1], float32 [1, 1, size, size], and its class.
inline std::pair<at::Tensor, int64_t> phantom_image(int64_t size, uint64_t seed) {
  const auto scans = phantom_scans(size, seed);
  const Manifest manifest = scans->scan();
  return {to_unit_range(scans->read(manifest, Split::kTrain, {0})), manifest.train.labels[0]};
}

/// PSNR in dB of `found` against that image, less that of the mean held-out scan: what an attack
/// found beyond what everybody knows. That mean alone comes to some 14 to 20 dB.
inline double gain_over_public_mean(const at::Tensor& found, int64_t size, uint64_t seed) {
  const auto scans = phantom_scans(size, seed);
  const Manifest manifest = scans->scan();
  std::vector<int64_t> all(manifest.test.labels.size());
  std::iota(all.begin(), all.end(), 0);
  const at::Tensor mean = to_unit_range(scans->read(manifest, Split::kTest, all)).mean(0, true);
  const at::Tensor image = phantom_image(size, seed).first;
  return psnr_from_mse(mse(found, image)) - psnr_from_mse(mse(mean, image));
}

/// What the attacker sees of a batch, by default at weights U(-0.5, 0.5): wide ones, as in the
/// attacks' papers.
inline Observation observe(const Model& model, const at::Tensor& images,
                           const std::vector<int64_t>& labels, uint64_t seed = 1,
                           const Initialization& init = {InitKind::kUniform, 0.5}) {
  Observation observation;
  observation.weights = initial_weights(model, init, seed);
  observation.gradient = FlatParameters(model.layout());
  observation.batch = images.size(0);
  Differentiator(model, observation.weights)
      .gradient(images, at::tensor(labels, at::kLong), &observation.gradient);
  return observation;
}

}  // namespace medpfl::observations
