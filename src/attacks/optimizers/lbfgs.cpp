#include "attacks/optimizers/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attacks/optimizers/vector_math.hpp"

namespace medpfl {
namespace {

// Of a pair kept under line search: s.y / (|s| |y|).
constexpr double kLeastCosine = 1e-10;
constexpr int kSearchEvaluations = 25;  // of a line search at most

}  // namespace

OptionTable<LbfgsOptions> lbfgs_options() {
  using O = Option<LbfgsOptions>;
  return {O{"line_search", &LbfgsOptions::strong_wolfe, "line search of L-BFGS; none: full steps"}
              .named("none", "strong-wolfe"),
          O{"inner", &LbfgsOptions::inner, "L-BFGS steps of an iteration"}.at_least(1),
          O{"history", &LbfgsOptions::history, "curvature pairs that L-BFGS keeps"}.at_least(1)};
}

Lbfgs::Lbfgs(const LbfgsOptions& options, int64_t n)
    : options_(options),
      n_(n),
      gradient_(static_cast<size_t>(n)),
      previous_(static_cast<size_t>(n)),
      direction_(static_cast<size_t>(n)),
      rho_(static_cast<size_t>(options.history)),
      alpha_(static_cast<size_t>(options.history)) {}

void Lbfgs::keep(Archive& a) {
  a.version(1);
  a("evaluations", &evaluations_);
  a("pairs", &pairs_);
  a("newest", &newest_);
  a("value", &value_);
  a("scale", &scale_);
  a("step", &step_);
  a("known", &known_);
  a("started", &started_);
  a("gradient", &gradient_);
  a("previous", &previous_);
  a("direction", &direction_);
  a("s", &s_);
  a("y", &y_);
  a("rho", &rho_);
}

int64_t Lbfgs::evaluations_of_step(const LbfgsOptions& options) {
  return options.strong_wolfe ? 1 + options.inner * kSearchEvaluations : options.inner;
}

void Lbfgs::moved() { known_ = started_ = false; }

double Lbfgs::evaluate(const Function& function, const float* x, float* gradient) {
  ++evaluations_;
  return function(x, gradient);
}

bool Lbfgs::gradient_vanished() const {
  return largest(gradient_.data(), n_) <= (options_.strong_wolfe ? 0 : options_.tolerance_gradient);
}

void Lbfgs::remember() {
  const int64_t slot = (newest_ + 1) % options_.history;
  // Memory grows with the pairs really made, not with the history allowed.
  const auto needed = static_cast<size_t>((slot + 1) * n_);
  if (s_.size() < needed) {
    s_.resize(needed);
    y_.resize(needed);
  }
  float* s = s_.data() + slot * n_;
  float* y = y_.data() + slot * n_;
  const auto t = static_cast<float>(step_);
  for (int64_t i = 0; i < n_; ++i) {
    s[i] = t * direction_[static_cast<size_t>(i)];
    y[i] = gradient_[static_cast<size_t>(i)] - previous_[static_cast<size_t>(i)];
  }
  const double curvature = dot(y, s, n_);
  const double energy = dot(y, y, n_);
  const double least = options_.strong_wolfe ? kLeastCosine * std::sqrt(dot(s, s, n_) * energy)
                                             : options_.least_curvature;
  if (!(curvature > least)) return;
  newest_ = slot;
  pairs_ = std::min(pairs_ + 1, options_.history);
  rho_[static_cast<size_t>(slot)] = 1 / curvature;
  scale_ = curvature / energy;
}

void Lbfgs::compute_direction() {
  for (size_t i = 0; i < direction_.size(); ++i) direction_[i] = -gradient_[i];
  float* d = direction_.data();
  const auto slot = [this](int64_t age) {
    return (newest_ - age + options_.history) % options_.history;
  };
  for (int64_t age = 0; age < pairs_; ++age) {
    const int64_t i = slot(age);
    const double alpha = dot(s_.data() + i * n_, d, n_) * rho_[static_cast<size_t>(i)];
    alpha_[static_cast<size_t>(i)] = alpha;
    axpy(-alpha, y_.data() + i * n_, d, n_);
  }
  const auto scale = static_cast<float>(scale_);
  for (float& v : direction_) v *= scale;
  for (int64_t age = pairs_ - 1; age >= 0; --age) {
    const int64_t i = slot(age);
    const double beta = dot(y_.data() + i * n_, d, n_) * rho_[static_cast<size_t>(i)];
    axpy(alpha_[static_cast<size_t>(i)] - beta, s_.data() + i * n_, d, n_);
  }
}

Optimizer::Status Lbfgs::step(const Function& function, float* x) {
  if (!known_) {
    value_ = evaluate(function, x, gradient_.data());
    known_ = true;
  }
  if (!std::isfinite(value_)) return Status::kNotFinite;
  if (gradient_vanished()) return Status::kFlat;
  for (int64_t k = 0; k < options_.inner; ++k) {
    double length = options_.learning_rate;
    if (started_) {
      remember();
    } else {
      pairs_ = 0;
      newest_ = -1;
      scale_ = 1;
      double sum = 0;
      for (const float g : gradient_) sum += std::abs(g);
      length *= options_.strong_wolfe ? 1 / std::sqrt(dot(gradient_.data(), gradient_.data(), n_))
                                      : std::min(1.0, 1 / sum);
    }
    compute_direction();
    previous_ = gradient_;
    const double slope = dot(gradient_.data(), direction_.data(), n_);
    if (!std::isfinite(slope)) return Status::kNotFinite;
    if (slope > -options_.tolerance_change && !options_.strong_wolfe)
      return started_ ? Status::kStalled : Status::kFlat;
    const double before = value_;
    if (options_.strong_wolfe) {
      if (slope >= 0 || !search(function, x, length, slope)) {
        // A memory that gives no descent is dropped once; steepest descent is the last try.
        if (!started_) return Status::kStalled;
        started_ = false;
        continue;
      }
    } else {
      axpy(length, direction_.data(), x, n_);
      step_ = length;
      known_ = false;
      started_ = true;
      if (k + 1 == options_.inner) return Status::kRunning;
      value_ = evaluate(function, x, gradient_.data());
      known_ = true;
    }
    started_ = true;
    if (!std::isfinite(value_)) return Status::kNotFinite;
    if (gradient_vanished()) return Status::kFlat;
    if (!options_.strong_wolfe &&
        (step_ * largest(direction_.data(), n_) <= options_.tolerance_change ||
         std::abs(value_ - before) < options_.tolerance_change))
      return Status::kRunning;
  }
  return Status::kRunning;
}

namespace {

// Minimizer of the cubic through two points with their slopes; NaN when it has none.
double cubic_minimizer(double a, double fa, double ga, double b, double fb, double gb) {
  const double d1 = ga + gb - 3 * (fa - fb) / (a - b);
  const double square = d1 * d1 - ga * gb;
  if (!(square >= 0)) return std::numeric_limits<double>::quiet_NaN();
  const double d2 = std::copysign(std::sqrt(square), b - a);
  return b - (b - a) * (gb + d2 - d1) / (gb - ga + 2 * d2);
}

}  // namespace

bool Lbfgs::search(const Function& function, float* x, double first_step, double slope) {
  constexpr double kDecrease = 1e-4, kCurvature = 0.9;
  const std::vector<float> origin(x, x + n_);
  const double start = value_;
  int used = 0;
  const auto probe = [&](double t) {
    Point point;
    point.t = t;
    point.gradient.resize(static_cast<size_t>(n_));
    std::copy(origin.begin(), origin.end(), x);
    axpy(t, direction_.data(), x, n_);
    point.value = evaluate(function, x, point.gradient.data());
    point.slope = dot(point.gradient.data(), direction_.data(), n_);
    if (!std::isfinite(point.value) || !std::isfinite(point.slope))
      point.value = std::numeric_limits<double>::infinity();
    ++used;
    return point;
  };
  const auto too_high = [&](const Point& p) { return p.value > start + kDecrease * p.t * slope; };
  const auto flat = [&](const Point& p) { return std::abs(p.slope) <= -kCurvature * slope; };

  Point low, high;  // low: the best point with enough decrease; high: the other end of the bracket
  low.value = start;
  low.slope = slope;
  bool bracketed = false, accepted = false;
  double t = first_step;
  while (!bracketed && !accepted && used < kSearchEvaluations) {
    Point now = probe(t);
    if (too_high(now) || (used > 1 && now.value >= low.value)) {
      high = std::move(now);
      bracketed = true;
    } else if (flat(now)) {
      low = std::move(now);
      accepted = true;
    } else if (now.slope >= 0) {
      high = std::move(low);
      low = std::move(now);
      bracketed = true;
    } else {
      double next = cubic_minimizer(low.t, low.value, low.slope, now.t, now.value, now.slope);
      if (!(next >= now.t + 0.01 * (now.t - low.t))) next = 2 * now.t;
      low = std::move(now);
      t = std::min(next, 10 * low.t);
    }
  }
  while (!accepted && bracketed && used < kSearchEvaluations) {
    const double width = high.t - low.t;
    if (std::abs(width) * largest(direction_.data(), n_) < 1e-9)
      break;  // below what float32 pixels resolve
    t = std::isfinite(high.value)
            ? cubic_minimizer(low.t, low.value, low.slope, high.t, high.value, high.slope)
            : std::numeric_limits<double>::quiet_NaN();
    // Stay off the ends by a tenth; bisect where the cubic says nothing.
    const double inside = (t - low.t) / width;
    if (!(inside >= 0.1 && inside <= 0.9))
      t = std::isnan(inside) ? low.t + 0.5 * width : low.t + std::clamp(inside, 0.1, 0.9) * width;
    Point now = probe(t);
    if (too_high(now) || now.value >= low.value) {
      high = std::move(now);
    } else if (flat(now)) {
      low = std::move(now);
      accepted = true;
    } else {
      if (now.slope * width >= 0) high = std::move(low);
      low = std::move(now);
    }
  }
  std::copy(origin.begin(), origin.end(), x);
  if (low.t == 0) return false;
  axpy(low.t, direction_.data(), x, n_);
  step_ = low.t;
  value_ = low.value;
  gradient_ = std::move(low.gradient);
  return true;
}

}  // namespace medpfl
