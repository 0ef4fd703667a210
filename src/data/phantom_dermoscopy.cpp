#include <algorithm>
#include <cmath>

#include "data/phantom_canvas.hpp"

namespace medpfl {
namespace {

enum LesionLabel : int64_t { kBenign, kMalignant };

/// A pigmented lesion of the skin under a dermatoscope. Lengths are in units of half the picture.
class Lesion {
 public:
  Lesion(int64_t label, RandomStream* stream)
      : label_(label), shape_(stream), texture_(stream), patches_(stream) {
    RandomStream& r = *stream;
    const double pale = r.uniform(), pink = r.uniform(-1, 1);
    skin_ = mix(Rgb{0.74, 0.54, 0.43}, Rgb{0.93, 0.77, 0.68}, pale);
    skin_.g -= 0.025 * pink, skin_.b -= 0.015 * pink;
    const double brown = r.uniform(), warm = r.uniform(-0.03, 0.03);
    pigment_ = mix(Rgb{0.30, 0.18, 0.12}, Rgb{0.60, 0.40, 0.27}, brown);
    pigment_.r += warm, pigment_.b -= warm;
    light_ = r.uniform(0.86, 1.08);
    shear_ = {r.uniform(-0.10, 0.10), r.uniform(-0.10, 0.10)};
    vignette_ = r.uniform(0.05, 0.35);
    centre_ = {r.uniform(-0.12, 0.12), r.uniform(-0.12, 0.12)};
    turn_ = r.uniform(0, 6.28);
    const double big = r.uniform(), flat = r.uniform();
    const bool bad = label_ == kMalignant;
    size_ = bad ? mix(0.40, 0.62, big) : mix(0.36, 0.58, big);
    flat_ = bad ? mix(0.62, 0.90, flat) : mix(0.78, 1.0, flat);
    ragged_ = r.uniform() * (bad ? 0.16 : 0.02) + (bad ? 0.20 : 0.02);
    lopsided_ = bad ? r.uniform(0.25, 0.55) : r.uniform(0.0, 0.10);
    edge_ = bad ? r.uniform(0.04, 0.12) : r.uniform(0.10, 0.22);
    density_ = r.uniform(0.78, 0.95);
    network_ = r.uniform(0.12, 0.30);
    mesh_ = r.uniform(15, 21);
    mosaic_ = r.uniform(1.3, 2.2);
    veil_ = r.uniform(), scar_ = r.uniform(), dark_ = r.uniform();
    hairs_ = static_cast<int>(r.below(10)) - 3;
    for (Hair& hair : hair_) {
      const double angle = r.uniform(0, 6.28);
      hair.root = {r.uniform(-0.9, 0.9), r.uniform(-0.9, 0.9)};
      hair.tip = hair.root + rotate({r.uniform(0.7, 1.7), 0}, angle);
      hair.bow = r.uniform(-0.25, 0.25);
      hair.width = r.uniform(0.008, 0.015);
    }
    noise_ = r.uniform(0.006, 0.016);
  }

  double noise() const { return noise_; }

  Rgb operator()(const Point& p) const {
    Rgb c = skin(p);
    const Point q = rotate(p - centre_, -turn_);
    const double r = border(q);
    if (r < 1.6) {
      const double grain = 1 + 0.10 * texture_.fractal(q, 14, 2);
      const Rgb inner = (label_ == kMalignant ? many_colours(q, r) : one_colour(q, r)) * grain;
      c = mix(c, inner, density_ * inside(r, 1 - edge_, 2 * edge_));
    }
    for (int i = 0; i < hairs_; ++i) c = mix(c, Rgb{0.13, 0.09, 0.08}, 0.85 * cover(hair_[i], p));
    const double far = std::hypot(p.x, p.y);
    return c *
           (light_ * (1 + shear_.x * p.x + shear_.y * p.y) * (1 - vignette_ * ramp(0.5, 1.5, far)));
  }

 private:
  struct Hair {
    Point root, tip;
    double bow = 0, width = 0.01;
  };

  Rgb skin(const Point& p) const {
    const double blotch = shape_.fractal(p, 1.3, 2), furrow = std::abs(patches_.fractal(p, 9, 2));
    const double pore = texture_.fractal(p, 20, 2);
    Rgb c = skin_ * (1 + 0.05 * blotch + 0.03 * pore - 0.035 * inside(furrow, 0.0, 0.12));
    const double flush = 0.03 * shape_.smooth(p * 1.9 + Point{7, 7});
    c.g -= flush, c.b -= flush;
    return c;
  }

  /// Distance from the middle, 1 on the border of the lesion.
  double border(const Point& q) const {
    const double r = ellipse(q, size_, flat_ * size_);
    const double notch = ragged_ * shape_.fractal(q * (1 / size_) + Point{3, 1}, 1.7, 3);
    const double lobe = lopsided_ * (0.6 * q.x / size_ + 0.5 * shape_.smooth(q * (1.1 / size_)));
    return r + std::min(1.0, r) * (notch + lobe);
  }

  /// Honeycomb of pigment, fading towards the border.
  double net(const Point& q, double r) const {
    const Point warped = q + Point{0.02 * texture_.smooth(q * 6), 0.02 * shape_.smooth(q * 6)};
    return inside(texture_.walls(warped * mesh_), 0.0, 0.45) * inside(r, 0.6, 0.6);
  }

  Rgb one_colour(const Point& q, double r) const {
    const Rgb rim = mix(pigment_, skin_, 0.38);
    Rgb c = mix(pigment_, rim, ramp(0.15, 1.1, r));
    c = c * (1 + 0.06 * patches_.smooth(q * 2.5));
    return c * (1.06 - network_ * net(q, r));
  }

  /// Tan, brown, black, blue-gray, red and white areas, each where its own noise is high.
  Rgb many_colours(const Point& q, double r) const {
    const auto area = [&](double place, double low, double high) {
      return ramp(low, high, patches_.fractal(q + Point{place, 2 * place}, mosaic_, 2));
    };
    Rgb c = mix(pigment_, mix(pigment_, skin_, 0.55), area(0, -0.35, 0.35));
    c = c * (1.06 - 1.2 * network_ * net(q, r) * area(31, -0.3, 0.2));
    c = mix(c, Rgb{0.62, 0.30, 0.25}, 0.45 * area(11, 0.0, 0.7));
    c = mix(c, Rgb{0.13, 0.09, 0.09}, mix(0.6, 0.95, dark_) * area(17, -0.05, 0.5));
    c = mix(c, Rgb{0.38, 0.40, 0.47},
            mix(0.25, 0.75, veil_) * area(23, 0.0, 0.6) * inside(r, 0.5, 0.4));
    c = mix(c, Rgb{0.88, 0.78, 0.74}, 0.6 * scar_ * area(41, 0.15, 0.6));
    // Dots and streaks at the border.
    const double dots = ramp(0.55, 0.75, texture_.smooth(q * 13));
    return mix(c, Rgb{0.12, 0.08, 0.08}, 0.8 * dots * ramp(0.5, 0.9, r));
  }

  static double cover(const Hair& hair, const Point& p) {
    const Point d = hair.tip - hair.root, q = p - hair.root;
    const double length = std::hypot(d.x, d.y);
    const double t = (q.x * d.x + q.y * d.y) / (length * length);
    if (t < 0 || t > 1) return 0;
    const double off = (q.y * d.x - q.x * d.y) / length - hair.bow * 4 * t * (1 - t);
    const double width = hair.width * (0.35 + 2.6 * t * (1 - t));
    return inside(std::abs(off), 0.5 * width, 0.7 * width);
  }

  static constexpr int kHairs = 6;
  int64_t label_;
  Noise shape_, texture_, patches_;
  Rgb skin_, pigment_;
  Point shear_, centre_;
  double light_, vignette_, turn_, size_, flat_, ragged_, lopsided_, edge_, density_;
  double network_, mesh_, mosaic_, veil_, scar_, dark_, noise_;
  int hairs_;
  Hair hair_[kHairs];
};

}  // namespace

Scene dermoscopy_scene(int64_t label, RandomStream* stream) {
  const Lesion lesion(label, stream);
  return {lesion, true, lesion.noise(), false};
}

}  // namespace medpfl
