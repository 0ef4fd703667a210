#include <algorithm>
#include <cmath>

#include "data/phantom_canvas.hpp"

namespace medpfl {
namespace {

enum TumorLabel : int64_t { kNoTumor, kGlioma, kMeningioma, kPituitary };

/// A T1-weighted axial slice after contrast agent, the front of the head up. Lengths are in units
/// of half the picture, in a frame that lies and turns with the head.
class Head {
 public:
  Head(int64_t label, RandomStream* stream)
      : label_(label), shape_(stream), folds_(stream), texture_(stream) {
    RandomStream& r = *stream;
    centre_ = {r.uniform(-0.05, 0.05), r.uniform(-0.05, 0.05)};
    turn_ = r.uniform(-0.14, 0.14);
    half_ = {r.uniform(0.66, 0.76), r.uniform(0.82, 0.91)};
    egg_ = r.uniform(0.02, 0.10);
    scalp_ = r.uniform(0.04, 0.065);
    skull_ = r.uniform(0.045, 0.065);
    fat_ = r.uniform(0.55, 0.85);
    fluid_ = r.uniform(0.08, 0.16);
    grey_matter_ = r.uniform(0.34, 0.42);
    white_matter_ = grey_matter_ + r.uniform(0.17, 0.25);
    fold_rate_ = r.uniform(5.2, 6.6);
    fold_reach_ = r.uniform(0.19, 0.27);
    sulcus_ = r.uniform(0.05, 0.10);
    ventricles_ = r.uniform(0.65, 1.35);
    lean_ = r.uniform(-0.25, 0.25);
    shear_ = {r.uniform(-0.14, 0.14), r.uniform(-0.14, 0.14)};
    gain_ = r.uniform(0.85, 1.20);
    noise_ = r.uniform(0.012, 0.032);
    place_lesion(&r);
  }

  double noise() const { return noise_; }

  Rgb operator()(const Point& p) const {
    const Point q = rotate(p - centre_, -turn_);
    const double wide = half_.x * (1 + egg_ * q.y / half_.y);
    double radius = ellipse(q, wide, half_.y);
    if (radius > 1.15) return grey(0);
    radius += 0.02 * shape_.smooth(q * 2.6);
    const double depth = (1 - radius) * 0.5 * (half_.x + half_.y);
    const double brain = depth - scalp_ - skull_;
    double value = brain < -0.01
                       ? cover(q, depth)
                       : mix(cover(q, depth), content(q, brain), ramp(-0.008, 0.008, brain));
    const double bias = 1 + shear_.x * q.x + shear_.y * q.y + 0.10 * shape_.smooth(q * 1.1);
    value *= gain_ * bias;
    return grey(value);
  }

 private:
  void place_lesion(RandomStream* stream) {
    RandomStream& r = *stream;
    const double side = r.uniform() < 0.5 ? -1 : 1;
    const double u = r.uniform(), v = r.uniform(), w = r.uniform();
    strength_ = r.uniform();
    stretch_ = r.uniform(0.75, 1.0);
    tilt_ = r.uniform(0, 3.1);
    if (label_ == kGlioma) {
      lesion_ = {side * mix(0.20, 0.34, u), mix(-0.38, 0.34, v)};
      size_ = mix(0.18, 0.28, w);
    } else if (label_ == kMeningioma) {
      // The angle from the front of the head; its inner border is the dura, which it grows from.
      const double angle = side * mix(0.0, 2.7, u), rim = 1 - 1.3 * (scalp_ + skull_);
      size_ = mix(0.12, 0.19, w);
      const Point edge = {std::sin(angle) * half_.x * rim, -std::cos(angle) * half_.y * rim};
      lesion_ = edge * (1 - size_ * mix(0.55, 0.95, v) / std::hypot(edge.x, edge.y));
    } else if (label_ == kPituitary) {
      lesion_ = {mix(-0.04, 0.04, u), mix(0.33, 0.42, v)};
      size_ = mix(0.085, 0.125, w);
    }
  }

  /// Scalp and skull, and the air around them.
  double cover(const Point& q, double depth) const {
    const double skin = ramp(-0.006, 0.006, depth);
    const double fat = fat_ * (0.9 + 0.14 * texture_.fractal(q, 8, 3));
    const double bone = 0.05 + 0.22 * bell(depth - scalp_ - 0.5 * skull_, 0.26 * skull_) *
                                   (1 + shape_.smooth(q * 5));
    return skin * mix(fat, bone, ramp(scalp_ - 0.008, scalp_ + 0.008, depth));
  }

  /// What lies within the skull, `brain` below its inner face.
  double content(const Point& q, double brain) const {
    const Point away = q - lesion_;
    const double distance = std::hypot(away.x, away.y);
    Point home = q;
    // Tumors push the tissue around them aside.
    if (label_ == kGlioma || label_ == kMeningioma)
      home = q - away * (0.4 * bell(distance, 1.5 * size_));
    double value = tissue(home, brain);
    if (label_ == kGlioma) value = glioma(value, away, distance);
    if (label_ == kMeningioma) value = meningioma(value, q, away, distance, brain);
    if (label_ == kPituitary) value = pituitary(value, q, away);
    return value * (1 + 0.07 * texture_.fractal(q, 11, 3));
  }

  double tissue(const Point& q, double brain) const {
    const Point warped =
        q + Point{0.06 * shape_.smooth(q * 3.1), 0.06 * shape_.smooth(q * 3.1 + Point{9, 4})};
    // The zero lines of a smooth noise wander like sulci; gray matter lines them and the surface.
    const double field = folds_.fractal(warped, fold_rate_, 2);
    const double from_sulcus = std::abs(field) * 0.62 / fold_rate_;
    const double reach = fold_reach_ * (1 + 0.6 * shape_.smooth(q * 2.2 + Point{5, 5}));
    const double open = inside(brain, 0.4 * reach, 0.6 * reach);
    const double cortex =
        std::max(inside(brain, 0.045, 0.03),
                 inside(brain, 0.7 * reach, 0.5 * reach) * inside(from_sulcus, 0.030, 0.030));
    double grey_part = std::max(cortex, 0.8 * deep_grey(warped));
    double fluid = open * inside(from_sulcus, 0.1 * sulcus_, 0.018);
    fluid = std::max(fluid, inside(brain, 0.012, 0.012));
    // The fissure between the hemispheres, in front of and behind the corpus callosum.
    const double middle = q.x + 0.012 * shape_.smooth({3, q.y * 6});
    const double falx = std::max(ramp(0.34, 0.42, -q.y), ramp(0.40, 0.50, q.y));
    grey_part = std::max(grey_part, falx * inside(std::abs(middle), 0.045, 0.025));
    fluid = std::max(fluid, falx * inside(std::abs(middle), 0.004, 0.014));
    fluid = std::max(fluid, sylvian(warped));
    fluid = std::max(fluid, ventricles(warped));
    const double solid = mix(white_matter_, grey_matter_, grey_part);
    return mix(solid, fluid_, fluid);
  }

  /// Caudate nucleus, lentiform nucleus and thalamus, left and right.
  static double deep_grey(const Point& q) {
    const Point m = {std::abs(q.x), q.y};
    const double caudate = ellipse(rotate(m - Point{0.13, -0.17}, -0.3), 0.045, 0.085);
    const double lentiform = ellipse(rotate(m - Point{0.25, -0.05}, 0.25), 0.055, 0.13);
    const double thalamus = ellipse(rotate(m - Point{0.09, 0.06}, 0.5), 0.065, 0.10);
    return inside(std::min({caudate, lentiform, thalamus}), 0.85, 0.3);
  }

  double sylvian(const Point& q) const {
    const Point m = {std::abs(q.x), q.y};

    double along = 0;
    const double bent = m.y + 0.03 * shape_.smooth({q.x * 7, 2});
    const double out =
        segment_distance({m.x, bent}, {0.40, 0.02}, {0.9 * half_.x, -0.12 - 0.1 * lean_}, &along);
    return inside(out, 0.022 * along, 0.018);
  }

  /// Lateral ventricles (two horns a side), third ventricle and the cistern behind it.
  double ventricles(const Point& q) const {
    const double side = q.x < 0 ? 1 + lean_ : 1 - lean_, wide = ventricles_ * side;
    const Point m = {std::abs(q.x), q.y};
    double t = 0, u = 0;
    const double front = segment_distance(m, {0.035, -0.06}, {0.105, -0.28}, &t);
    const double back = segment_distance(m, {0.17, 0.16}, {0.21, 0.40}, &u);
    const double third = segment_distance(m, {0, -0.03}, {0, 0.12});
    const double cistern = segment_distance(m, {0, 0.23}, {0.09, 0.20});
    double space = inside(front, wide * mix(0.016, 0.050, t), 0.014);
    space = std::max(space,
                     inside(back, wide * 0.042 * (1 - 0.6 * (u - 0.35) * (u - 0.35) * 4), 0.014));
    space = std::max(space, inside(third, 0.010 * ventricles_, 0.012));
    return std::max(space, inside(cistern, 0.016 * ventricles_, 0.016));
  }

  /// A ragged rim that takes up contrast agent, a dead core and swollen tissue around.
  double glioma(double value, const Point& away, double distance) const {
    if (distance > 3 * size_) return value;
    const Point turned = rotate(away, tilt_);
    const double ragged = 0.30 * shape_.fractal(away, 1.1 / size_, 3);
    const double r = ellipse(turned, size_, stretch_ * size_) + ragged;
    const double swollen = 0.75 + 0.5 * texture_.smooth(away * (1.1 / size_));
    value = mix(value, 0.52 * white_matter_,
                0.95 * inside(r, 1.0, 0.55) * std::min(1.0, swollen + 0.2));
    const double rim = mix(0.45, 0.95, strength_);
    const double solid =
        mix(0.40 * white_matter_, 0.95, rim * (0.75 + 0.4 * texture_.smooth(away * 9)));
    value = mix(value, solid, inside(r, 0.82, 0.14));
    const double core = r + 0.22 * texture_.fractal(away, 1.6 / size_, 2);
    return mix(value, mix(0.10, 0.22, strength_), inside(core, 0.48, 0.20));
  }

  /// A smooth, evenly bright ball on the dura, which thickens beside it.
  double meningioma(double value, const Point& q, const Point& away, double distance,
                    double brain) const {
    const double r = ellipse(rotate(away, tilt_), size_, mix(0.88, 1.0, stretch_) * size_) +
                     0.16 * shape_.fractal(q, 4, 2);
    const double bright =
        mix(0.70, 0.88, strength_) * (1 + 0.10 * texture_.fractal(q, 7, 2)) * (1.06 - 0.14 * r);
    value = mix(value, fluid_, 0.6 * inside(r, 0.95, 0.30));
    value = mix(value, bright, inside(r, 0.90, 0.14));
    return mix(value, bright,
               inside(distance, 1.2 * size_, 0.9 * size_) * inside(brain, 0.020, 0.016));
  }

  /// A small bright ball on the midline, in a pool of fluid.
  double pituitary(double value, const Point& q, const Point& away) const {
    const double r = ellipse(rotate(away, tilt_), size_, mix(0.85, 1.0, stretch_) * size_) +
                     0.14 * shape_.fractal(q, 8, 2);
    value = mix(value, fluid_, 0.8 * inside(r, 1.05, 0.6));
    return mix(value, mix(0.68, 0.88, strength_) * (1.08 - 0.2 * r * r), inside(r, 0.85, 0.25));
  }

  int64_t label_;
  Noise shape_, folds_, texture_;
  Point centre_, half_, shear_, lesion_;
  double turn_, egg_, scalp_, skull_, fat_, fluid_, grey_matter_, white_matter_;
  double fold_rate_, fold_reach_, sulcus_, ventricles_, lean_, gain_, noise_;
  double size_ = 0.1, strength_, stretch_, tilt_;
};

}  // namespace

Scene mri_scene(int64_t label, RandomStream* stream) {
  const Head head(label, stream);
  return {head, false, head.noise(), true};
}

}  // namespace medpfl
