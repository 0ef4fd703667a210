#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "comm/communicator.hpp"
#include "federation/federated_data.hpp"
#include "models/model.hpp"

namespace medpfl {

/// A server that sets the imprint block of the model it sends (Fowl et al. 2022, arXiv 2110.13057).
/// The rows of a group are one functional of the image: in the first its mean, in the others a mean
/// with random signs. Their thresholds are quantiles of it over public images, here the test split.
class MaliciousServer {
 public:
  /// Collective. `model` has an imprint block of `groups` groups; its rows are shared out evenly.
  MaliciousServer(const Communicator& comm, const Model& model, const FederatedData& data,
                  int64_t groups, uint64_t seed);

  /// Writes the block into the weights, whatever training made of it.
  void tamper(FlatParameters* weights) const;

 private:
  const Layer& layer_;
  at::Tensor weight_, bias_;  ///< [rows, pixels], [rows] float32
};

/// Functionals [groups, pixels] float64, entries +-1/pixels; the first has no minus.
at::Tensor imprint_functionals(int64_t groups, int64_t pixels, uint64_t seed);

}  // namespace medpfl
