#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "comm/communicator.hpp"
#include "federation/federated_data.hpp"
#include "models/model.hpp"

namespace medpfl {

/// A malicious server, which sets the imprint block of the model it sends (Fowl et al. 2022, arXiv
/// 2110.13057). All rows of a group compute the same functional of the image: in the first group
/// the mean of its pixels, in the others a mean with random signs. The rows' thresholds are
/// quantiles of the functional over public images, here the test split.
class MaliciousServer {
 public:
  /// Computes the imprint block. `model` must have one, whose rows are divided evenly into
  /// `groups`. Collective.
  MaliciousServer(const Communicator& comm, const Model& model, const FederatedData& data,
                  int64_t groups, uint64_t seed);

  /// Writes the imprint block into the weights, over what training has made of it.
  void tamper(FlatParameters* weights) const;

 private:
  const Layer& layer_;
  at::Tensor weight_, bias_;  ///< [rows, pixels], [rows] float32
};

/// Returns the functionals of all groups, float64 [groups, pixels], with entries +-1/pixels; all
/// entries of the first group are positive.
at::Tensor imprint_functionals(int64_t groups, int64_t pixels, uint64_t seed);

}  // namespace medpfl
