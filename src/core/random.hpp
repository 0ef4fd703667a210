#pragma once
#include <ATen/core/PhiloxRNGEngine.h>

#include <cstdint>
#include <vector>

namespace medpfl {

/// What a random stream is for. Results depend on the numbers, so none is ever changed or reused.
enum class Purpose : uint64_t {
  kModelInit = 1,
  kPartition = 2,
  kClientSampling = 3,
  kLocalBatches = 4,
  kProbe = 5,
  kDefense = 6,
  kAttackStart = 7,
  kPhantom = 8,
  kBenchmark = 9,
  kAttackNoise = 10,
  kImprint = 11,
  kPersonalBudget = 15,
  kLocalNoise = 20,
  kDropout = 21,
  kMaskSecrets = 22,
  kBatchTransform = 23,
  kBottleneck = 24,
  kAttackBottleneck = 25,
  kHoldout = 30,
};

/// Everything that a random stream depends on: never a rank, a time or an order of calls.
struct StreamKey {
  uint64_t seed = 0;
  Purpose purpose = Purpose::kModelInit;
  uint64_t round = 0, client = 0, step = 0;
};

/// Returns the key of the n-th stream within one, as an iteration of an attack has for its noise.
/// Streams come back after 2^24 of them; the step of `key` must be below 2^40.
StreamKey substream(StreamKey key, uint64_t n);

/// A counter-based stream of random numbers (Philox4x32-10, Salmon et al. 2011): equal keys give
/// equal numbers on any rank, in any order. Usable as the generator of <random> and Boost.Random.
class RandomStream {
 public:
  using result_type = uint32_t;
  explicit RandomStream(const StreamKey& key);

  static constexpr uint32_t min() { return 0; }
  static constexpr uint32_t max() { return 0xffffffffU; }
  uint32_t operator()() { return engine_(); }

  double uniform();                         ///< returns a number of [0, 1)
  double uniform(double low, double high);  ///< returns a number of [low, high)
  double normal();                          ///< returns a number of N(0, 1)
  double laplace(double scale);             ///< returns a number of Laplace(0, scale), scale > 0
  double gamma(double shape);               ///< returns a number of Gamma(shape, 1), shape > 0
  uint64_t below(uint64_t n);               ///< returns an integer of [0, n), n > 0

  /// Returns a random permutation of 0 ... n-1 (Fisher-Yates).
  std::vector<int64_t> permutation(int64_t n);

 private:
  at::Philox4_32 engine_;
};

}  // namespace medpfl
