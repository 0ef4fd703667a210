#include "federation/server_optimizer.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"

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

std::vector<std::string> server_optimizer_names() { return {"sgd", "momentum", "adam", "yogi"}; }

std::unique_ptr<ServerOptimizer> make_server_optimizer(const FederationSettings& settings,
                                                       int64_t size) {
  const std::string& name = settings.server_optimizer;
  if (name == "sgd") return std::make_unique<Sgd>(settings.server_learning_rate);
  if (name == "momentum") return std::make_unique<Momentum>(settings, size);
  if (name == "adam" || name == "yogi")
    return std::make_unique<Adaptive>(settings, name == "yogi", size);
  throw ConfigError(fmt::format("unknown federation.server_optimizer '{}'", name));
}

}  // namespace medpfl
