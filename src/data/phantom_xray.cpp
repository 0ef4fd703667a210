#include <algorithm>
#include <cmath>

#include "data/phantom_canvas.hpp"

namespace medpfl {
namespace {

enum FindingLabel : int64_t { kNormal, kPneumonia, kCovid };

/// A frontal radiograph of the chest: attenuation summed along the beam, dense tissue white. The
/// patient's right is on the left of the picture. Lengths are in units of half the picture.
class Chest {
 public:
  Chest(int64_t label, RandomStream* stream)
      : label_(label), shape_(stream), texture_(stream), vessels_(stream) {
    RandomStream& r = *stream;
    centre_ = {r.uniform(-0.05, 0.05), r.uniform(-0.06, 0.06)};
    turn_ = r.uniform(-0.05, 0.05);
    scale_ = r.uniform(0.92, 1.08);
    width_ = r.uniform(0.93, 1.07);
    dome_ = {r.uniform(0.40, 0.52), r.uniform(0.46, 0.60)};
    heart_ = r.uniform(0.85, 1.15);
    rib_gap_ = r.uniform(0.175, 0.205);
    rib_shift_ = r.uniform(-0.08, 0.08);
    rib_ = r.uniform(0.08, 0.14);
    air_ = r.uniform(0.84, 0.98);
    exposure_ = r.uniform(0.95, 1.45);
    contrast_ = r.uniform(0.85, 1.25);
    shear_ = {r.uniform(-0.08, 0.08), r.uniform(-0.08, 0.08)};
    clavicle_ = {r.uniform(-0.03, 0.03), r.uniform(-0.03, 0.03)};
    gas_ = r.uniform(0, 0.35);
    noise_ = r.uniform(0.006, 0.016);
    place_opacity(&r);
  }

  double noise() const { return noise_; }

  Rgb operator()(const Point& p) const {
    const Point q = rotate(p - centre_, -turn_) * (1 / scale_);
    const Point m = {std::abs(q.x) / width_, q.y};
    const bool right = q.x < 0;
    const double lung = lung_field(m, right);
    double dense = body(m) * (0.95 + 0.06 * shape_.fractal(q, 1.5, 2));
    const double edge = m.x / 0.9;
    const double blood = heart(q);
    dense -= air_ * lung * (1 - 0.72 * blood) * std::sqrt(std::max(0.2, 1 - 0.5 * edge * edge));
    dense += 0.12 * blood;
    if (lung > 0) dense += lung * (0.15 * branches(q, right) + 0.04 * texture_.fractal(q, 8, 3));
    dense += mediastinum(q) + bones(q, m, lung, right);
    if (label_ != kNormal && lung > 0) dense += lung * opacity(q);
    // Gas in the stomach, under the left dome.
    dense -= gas_ * inside(ellipse(q - Point{0.36, dome_.y + 0.20}, 0.16, 0.09), 0.8, 0.5);
    dense = std::max(dense, 0.0) * (1 + shear_.x * p.x + shear_.y * p.y);
    const double value = 1 - std::exp(-exposure_ * dense);
    return grey(std::pow(value, contrast_));
  }

 private:
  void place_opacity(RandomStream* stream) {
    RandomStream& r = *stream;
    const double side = r.uniform() < 0.5 ? -1 : 1;
    strength_ = r.uniform(0.30, 0.52);
    // A lobe: upper, middle or lower part of one lung.
    lobe_ = {side * r.uniform(0.34, 0.48), r.uniform(-0.38, 0.36)};
    lobe_size_ = {r.uniform(0.22, 0.30), r.uniform(0.19, 0.28)};
    fissure_ = r.uniform() < 0.5 ? -1 : 1;
    for (Point& patch : patches_) {
      const double side_now = (&patch - patches_) % 2 == 0 ? -1 : 1;
      patch = {side_now * r.uniform(0.38, 0.58), r.uniform(-0.30, 0.42)};
    }
    for (double& size : patch_size_) size = r.uniform(0.13, 0.22);
  }

  static double body(const Point& m) {
    const double shoulder = mix(0.24, 1.12, ramp(-1.02, -0.58, m.y));
    const double w = shoulder - 0.16 * ramp(-0.3, 0.3, m.y);
    const double t = m.x / w;
    return std::sqrt(std::max(0.0, 1 - t * t * t * t)) * ramp(0, 0.03, w - m.x) * 1.08;
  }

  /// Dome of the diaphragm above the belly.
  double dome(double x, bool right) const {
    const double u = (x - 0.36) / 0.40;
    return (right ? dome_.x : dome_.y) + 0.17 * u * u + (x > 0.36 ? 0.12 * u * u * u : 0);
  }

  double lung_field(const Point& m, bool right) const {
    const double t = (m.y + 0.80) / 1.45;
    if (t <= 0 || m.x > 0.9) return 0;
    const double s = 1 - std::min(t, 1.0);
    const double lateral = 0.22 + 0.54 * std::sqrt(std::max(0.0, 1 - std::pow(s, 2.3)));
    const double medial = 0.095 + 0.15 * bell(t, 0.17) + (right ? 0.02 : 0.0) * t;
    return ramp(-0.02, 0.025, lateral - m.x) * ramp(-0.04, 0.05, m.x - medial) *
           ramp(-0.012, 0.02, dome(m.x, right) - m.y);
  }

  /// Vessels that fan out of the hilum.
  double branches(const Point& q, bool right) const {
    const Point d = q - Point{right ? -0.17 : 0.19, right ? -0.02 : -0.06};
    const double radius = std::hypot(d.x, d.y) + 0.02;
    const Point polar = {2.4 * std::atan2(d.y, std::abs(d.x)) + (right ? 20 : 0),
                         1.5 * std::log(radius)};
    const double line = 1 - 3.2 * std::abs(vessels_.fractal(polar, 1.5, 2));
    return std::max(0.0, line) * std::exp(-radius / 0.30) * 1.3 + 0.9 * bell(radius, 0.10);
  }

  /// Share of the beam's path that the heart takes from the lungs.
  double heart(const Point& q) const {
    const double left =
        ellipse(rotate(q - Point{0.14, dome_.x - 0.17}, -0.68), 0.37 * heart_, 0.27 * heart_);
    const double right = ellipse(q - Point{-0.06, dome_.x - 0.20}, 0.17 * heart_, 0.30 * heart_);
    // A soft minimum: no notch where the chambers meet.
    const double merged = -0.12 * std::log(std::exp(-left / 0.12) + std::exp(-right / 0.12));
    return inside(merged, 0.80, 0.28) * (1 - ramp(dome_.x + 0.05, dome_.x + 0.3, q.y));
  }

  /// Great vessels and windpipe.
  double mediastinum(const Point& q) const {
    const double arch = ellipse(q - Point{0.09, -0.30}, 0.095, 0.10);
    const double band = ellipse(q - Point{0.0, -0.2}, 0.13, 0.62);
    const double dense = std::max(0.24 * inside(arch, 0.75, 0.4), 0.13 * inside(band, 0.75, 0.45));
    const double windpipe = ramp(-0.35, -0.45, q.y) * bell(q.x - 0.01, 0.05);
    return dense - 0.20 * windpipe;
  }

  /// A rib seen from the side: bright at both edges. `v` is the distance in gaps from its middle.
  static double rib_profile(double v, double half) {
    const double t = std::abs(v) / half;
    return t > 1.25 ? 0 : (0.6 + 0.5 * t * t) * (1 - ramp(0.85, 1.2, t));
  }

  double bones(const Point& q, const Point& m, double lung, bool right) const {
    const double u = m.x / 0.76, top = -0.78 + rib_shift_ * 0.5;
    double dense = 0;
    if (u < 1.1) {
      // The back of a rib arches out of the spine, the front one slants down to the breastbone.
      const double back = (q.y - top - 0.30 * u * u + 0.16 * u) / rib_gap_;
      const double n = std::round(back);
      if (n >= 0 && n <= 8)
        dense += rib_ * rib_profile(back - n, 0.27) * ramp(0.05, 0.16, u) * ramp(1.1, 0.98, u);
      const double front = (q.y - top - 0.52 + 0.42 * u * u - 0.10 * u) / (1.12 * rib_gap_);
      const double k = std::round(front);
      if (k >= 0 && k <= 5)
        dense +=
            0.38 * rib_ * rib_profile(front - k, 0.30) * ramp(0.38, 0.62, u) * ramp(1.1, 0.98, u);
    }
    dense *= 0.35 + 0.65 * lung;
    // Vertebrae, with the gaps between them and their processes.
    const double beat = std::cos(2 * 3.14159265 * q.y / (0.95 * rib_gap_));
    const double spine = inside(std::abs(q.x), 0.05, 0.045);
    dense += spine * (0.08 + 0.04 * beat) + 0.05 * bell(q.x, 0.02) * (0.5 + 0.5 * beat);
    // Clavicles: bowed bars from the breastbone to the shoulder.
    const double tilt = right ? clavicle_.x : clavicle_.y;
    const double bow = -0.60 + tilt - 0.16 * (m.x - 0.1) - 0.05 * std::sin(5.0 * (m.x - 0.1));
    const double bar = ramp(0.08, 0.13, m.x) * ramp(0.84, 0.76, m.x);
    dense += 0.19 * bar * rib_profile(q.y - bow, 0.036);
    // Inner edge of the shoulder blade, and the head of the arm bone.
    const double blade = segment_distance(m, {0.70, -0.52}, {0.80, 0.05});
    dense += 0.05 * bell(blade, 0.035);
    const double arm = ellipse(m - Point{0.96, -0.50}, 0.12, 0.13);
    return dense + 0.09 * inside(arm, 0.7, 0.5);
  }

  double opacity(const Point& q) const {
    const double cloud = shape_.fractal(q + Point{3, 3}, 3.5, 4);
    if (label_ == kPneumonia) {
      double r = ellipse(q - lobe_, lobe_size_.x, lobe_size_.y) + 0.30 * cloud;
      // A fissure cuts the shadow off along a line.
      const double line = fissure_ * (q.y - lobe_.y + 0.25 * (std::abs(q.x) - 0.4));
      return strength_ * inside(r, 0.75, 0.5) * ramp(-0.20, -0.16, line) * (1 + 0.25 * cloud);
    }
    double veil = 0;
    for (int i = 0; i < kPatches; ++i) {
      const Point d = q - patches_[i];
      const double r = ellipse(d, patch_size_[i], 1.2 * patch_size_[i]) + 0.5 * cloud;
      veil = std::max(veil, inside(r, 0.35, 0.9));
    }
    return 0.75 * strength_ * veil * (0.85 + 0.5 * texture_.fractal(q, 7, 2));
  }

  static constexpr int kPatches = 6;
  int64_t label_;
  Noise shape_, texture_, vessels_;
  Point centre_, dome_, shear_, clavicle_, lobe_, lobe_size_, patches_[kPatches];
  double turn_, scale_, width_, heart_, rib_gap_, rib_shift_, rib_, air_, exposure_, contrast_;
  double gas_, noise_, strength_, fissure_, patch_size_[kPatches];
};

}  // namespace

Scene xray_scene(int64_t label, RandomStream* stream) {
  const Chest chest(label, stream);
  return {chest, false, chest.noise(), false};
}

}  // namespace medpfl
