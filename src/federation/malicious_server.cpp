#include "federation/malicious_server.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "core/random.hpp"
#include "data/dataset.hpp"

namespace medpfl {
namespace {

// Gradients of the block do not depend on the size of its weights, so they are small: it changes
// nothing of what the network computes, and weight changes of one local step are not rounded away.
constexpr double kScale = 1e-6;

// Of few public images the quantiles themselves are uneven, so that many images share a cell; those
// of a density estimated from them are not (Gaussian kernel, Silverman 1986, section 3.4.2).
class SmoothQuantiles {
 public:
  explicit SmoothQuantiles(std::vector<double> values) : values_(std::move(values)) {
    std::sort(values_.begin(), values_.end());
    const auto n = static_cast<double>(values_.size());
    double mean = 0, square = 0;
    for (const double v : values_) mean += v / n;
    for (const double v : values_) square += (v - mean) * (v - mean) / n;
    const auto at = [&](double p) { return values_[static_cast<size_t>(p * (n - 1))]; };
    const double quartiles = (at(0.75) - at(0.25)) / 1.34;
    const double spread =
        quartiles > 0 ? std::min(std::sqrt(square), quartiles) : std::sqrt(square);
    width_ = std::max(0.9 * spread * std::pow(n, -0.2), 1e-12);
  }

  /// `p` in (0, 1).
  double at(double p) const {
    double low = values_.front() - kReach * width_, high = values_.back() + kReach * width_;
    for (int i = 0; i < kBisections; ++i) {
      const double middle = (low + high) / 2;
      (below(middle) < p ? low : high) = middle;
    }
    return low;
  }

 private:
  static constexpr double kReach = 8;
  static constexpr int kBisections = 60;

  double below(double x) const {
    double sum = 0;
    for (const double v : values_) sum += std::erfc((v - x) / (width_ * std::sqrt(2.0))) / 2;
    return sum / static_cast<double>(values_.size());
  }

  std::vector<double> values_;
  double width_ = 0;
};

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
    for (int64_t r = first; r < end; ++r) weight_[r].copy_(functionals[g].mul(kScale));
    if (!comm.is_root()) continue;
    const SmoothQuantiles quantiles(values[static_cast<size_t>(g)]);
    for (int64_t r = first; r < end; ++r) {
      // The first row of a group sees every image, so that none falls below all thresholds.
      const double p = static_cast<double>(r - first) / static_cast<double>(end - first);
      const double threshold = r == first ? -2 : quantiles.at(p);
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
