#include "core/random.hpp"

#include <boost/random/gamma_distribution.hpp>
#include <boost/random/laplace_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <numeric>
#include <utility>

namespace medpfl {
namespace {

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection that mixes all bits.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

StreamKey substream(StreamKey key, uint64_t n) {
  constexpr uint64_t kStreams = uint64_t{1} << 24;
  key.step = key.step * kStreams + n % kStreams;
  return key;
}

RandomStream::RandomStream(const StreamKey& key)
    : engine_(mix(key.seed ^ mix(static_cast<uint64_t>(key.purpose))),
              mix(key.round ^ mix(key.client ^ mix(key.step)))) {}

double RandomStream::uniform() { return boost::random::uniform_01<double>()(*this); }

double RandomStream::uniform(double low, double high) { return low + (high - low) * uniform(); }

double RandomStream::normal() { return boost::random::normal_distribution<double>()(*this); }

double RandomStream::laplace(double scale) {
  return boost::random::laplace_distribution<double>(0.0, scale)(*this);
}

double RandomStream::gamma(double shape) {
  return boost::random::gamma_distribution<double>(shape, 1.0)(*this);
}

uint64_t RandomStream::below(uint64_t n) {
  return boost::random::uniform_int_distribution<uint64_t>(0, n - 1)(*this);
}

std::vector<int64_t> RandomStream::permutation(int64_t n) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = n - 1; i > 0; --i)
    std::swap(order[static_cast<size_t>(i)], order[below(static_cast<uint64_t>(i) + 1)]);
  return order;
}

}  // namespace medpfl
