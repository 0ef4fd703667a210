#include "federation/malicious_server.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/bytes.hpp"
#include "core/random.hpp"
#include "data/dataset.hpp"

namespace medpfl {
namespace {

// Gradients of the block do not depend on the size of its weights, so they are small: it changes
// nothing of what the network computes, and weight changes of one local step are not rounded away.
constexpr double kScale = 1e-6;

// Linear interpolation between sorted values; `p` in [0, 1].
double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

// The functionals of every public image, on rank 0: [groups][images].
std::vector<std::vector<double>> public_values(const Communicator& comm, const FederatedData& data,
                                               const at::Tensor& functionals) {
  ByteWriter mine;
  for (const at::Tensor& block : data.test_blocks) {
    const at::Tensor pixels = to_unit_range(block).flatten(1).to(at::kDouble);
    const at::Tensor values = at::matmul(functionals, pixels.t()).contiguous();
    mine.array(values.data_ptr<double>(), values.numel());
  }
  std::vector<std::vector<double>> out(static_cast<size_t>(functionals.size(0)));
  for (const std::string& bytes : comm.gather(mine.take())) {
    ByteReader in(bytes);
    while (!in.done()) {
      const auto block = in.array<double>();
      const size_t images = block.size() / out.size();
      for (size_t i = 0; i < block.size(); ++i) out[i / images].push_back(block[i]);
    }
  }
  for (std::vector<double>& values : out) std::sort(values.begin(), values.end());
  return out;
}

}  // namespace

at::Tensor imprint_functionals(int64_t groups, int64_t pixels, uint64_t seed) {
  at::Tensor out = at::full({groups, pixels}, 1 / static_cast<double>(pixels), at::kDouble);
  double* values = out.data_ptr<double>();
  for (int64_t g = 1; g < groups; ++g) {
    RandomStream random({seed, Purpose::kImprint, 0, 0, static_cast<uint64_t>(g)});
    for (int64_t i = 0; i < pixels; ++i)
      if (random.uniform() < 0.5) values[g * pixels + i] *= -1;
  }
  return out;
}

MaliciousServer::MaliciousServer(const Communicator& comm, const Model& model,
                                 const FederatedData& data, int64_t groups, uint64_t seed)
    : layer_(model.layers().front()) {
  const std::vector<int64_t>& shape = model.layout()[layer_.weight].shape;
  const int64_t rows = shape[0];
  const at::Tensor functionals = imprint_functionals(groups, shape[1], seed);
  const auto values = public_values(comm, data, functionals);
  weight_ = at::empty(shape, at::kFloat);
  std::vector<float> bias(static_cast<size_t>(rows));
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t first = g * rows / groups, end = (g + 1) * rows / groups;
    for (int64_t r = first; r < end; ++r) {
      weight_[r].copy_(functionals[g].mul(kScale));
      if (!comm.is_root()) continue;
      // The first row of a group sees every image, so that none falls below all thresholds.
      const double p = static_cast<double>(r - first) / static_cast<double>(end - first);
      const double threshold = r == first ? -2 : quantile(values[static_cast<size_t>(g)], p);
      bias[static_cast<size_t>(r)] = static_cast<float>(-kScale * threshold);
    }
  }
  comm.broadcast(bias.data(), rows * static_cast<int64_t>(sizeof(float)));
  bias_ = at::empty({rows}, at::kFloat);
  std::copy(bias.begin(), bias.end(), bias_.data_ptr<float>());
}

void MaliciousServer::tamper(FlatParameters* weights) const {
  weights->view(layer_.weight).copy_(weight_);
  weights->view(layer_.bias).copy_(bias_);
}

}  // namespace medpfl
