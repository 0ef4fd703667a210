#include "federation/server_optimizer.hpp"

#include <cmath>

namespace medpfl {
namespace {

class Sgd final : public ServerOptimizer {
 public:
  explicit Sgd(double rate) : rate_(rate) {}
  void step(const FlatParameters& mean, double change_per_update, FlatParameters* global) override {
    global->step(mean, -change_per_update * rate_, 0);
  }
  void keep(Archive& a) override { a.version(1); }

 private:
  double rate_;
};

class Momentum final : public ServerOptimizer {
 public:
  Momentum(const FederationSettings& settings, int64_t size)
      : s_(settings), m_(static_cast<size_t>(size)) {}

  void step(const FlatParameters& mean, double change_per_update, FlatParameters* global) override {
    float* w = global->data();
    for (size_t i = 0; i < m_.size(); ++i) {
      m_[i] = static_cast<float>(s_.server_momentum * m_[i] + change_per_update * mean.data()[i]);
      w[i] += static_cast<float>(s_.server_learning_rate * m_[i]);
    }
  }
  void keep(Archive& a) override {
    a.version(1);
    a.fixed("m", m_.data(), static_cast<int64_t>(m_.size()));
  }

 private:
  FederationSettings s_;
  std::vector<float> m_;
};

// Adam, and Yogi, which differs in how the second moment follows.
class Adaptive final : public ServerOptimizer {
 public:
  Adaptive(const FederationSettings& settings, bool yogi, int64_t size)
      : s_(settings),
        yogi_(yogi),
        m_(static_cast<size_t>(size)),
        v_(static_cast<size_t>(size),
           static_cast<float>(settings.server_tau * settings.server_tau)) {}

  void step(const FlatParameters& mean, double change_per_update, FlatParameters* global) override {
    const double b1 = s_.server_momentum, b2 = s_.server_beta2;
    float* w = global->data();
    for (size_t i = 0; i < m_.size(); ++i) {
      const double d = change_per_update * mean.data()[i];
      const double m = b1 * m_[i] + (1 - b1) * d;
      double v = v_[i];
      if (yogi_) {
        const double excess = v - d * d;
        if (excess != 0) v -= (1 - b2) * d * d * (excess > 0 ? 1 : -1);
      } else {
        v = b2 * v + (1 - b2) * d * d;
      }
      m_[i] = static_cast<float>(m);
      v_[i] = static_cast<float>(v);
      w[i] += static_cast<float>(s_.server_learning_rate * m / (std::sqrt(v) + s_.server_tau));
    }
  }
  void keep(Archive& a) override {
    a.version(1);
    a.fixed("m", m_.data(), static_cast<int64_t>(m_.size()));
    a.fixed("v", v_.data(), static_cast<int64_t>(v_.size()));
  }

 private:
  FederationSettings s_;
  bool yogi_;
  std::vector<float> m_, v_;
};

}  // namespace

const Words<ServerOptimizerKind>& words_of(ServerOptimizerKind) {
  using K = ServerOptimizerKind;
  static const Words<K> words = {
      {K::kSgd, "sgd"}, {K::kMomentum, "momentum"}, {K::kAdam, "adam"}, {K::kYogi, "yogi"}};
  return words;
}

int64_t moments_of(ServerOptimizerKind kind) {
  switch (kind) {
    case ServerOptimizerKind::kSgd:
      return 0;
    case ServerOptimizerKind::kMomentum:
      return 1;
    case ServerOptimizerKind::kAdam:
    case ServerOptimizerKind::kYogi:
      break;
  }
  return 2;
}

std::unique_ptr<ServerOptimizer> make_server_optimizer(const FederationSettings& settings,
                                                       int64_t size) {
  const ServerOptimizerKind kind = settings.server_optimizer;
  if (kind == ServerOptimizerKind::kSgd)
    return std::make_unique<Sgd>(settings.server_learning_rate);
  if (kind == ServerOptimizerKind::kMomentum) return std::make_unique<Momentum>(settings, size);
  return std::make_unique<Adaptive>(settings, kind == ServerOptimizerKind::kYogi, size);
}

}  // namespace medpfl
