#pragma once
#include <cstdint>
#include <functional>

#include "core/random.hpp"

namespace medpfl {

/// A place in a picture: x to the right and y down, each in [-1, 1] from edge to edge.
struct Point {
  double x = 0, y = 0;
};
inline Point operator+(const Point& a, const Point& b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(const Point& a, const Point& b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(const Point& a, double s) { return {a.x * s, a.y * s}; }

/// A color, each part in [0, 1]; gray where the three are equal.
struct Rgb {
  double r = 0, g = 0, b = 0;
};
inline Rgb grey(double v) { return {v, v, v}; }
inline Rgb operator*(const Rgb& c, double s) { return {c.r * s, c.g * s, c.b * s}; }

/// Returns a at t = 0, b at t = 1, and linear values between.
inline double mix(double a, double b, double t) { return a + (b - a) * t; }
inline Rgb mix(const Rgb& a, const Rgb& b, double t) {
  return {mix(a.r, b.r, t), mix(a.g, b.g, t), mix(a.b, b.b, t)};
}
/// Returns 0 below `low`, 1 above `high`, and a smooth ramp between.
double ramp(double low, double high, double t);
/// Returns 1 within `radius` of zero, 0 beyond `radius + edge`, and a smooth ramp between.
double inside(double distance, double radius, double edge);
/// Returns exp(-(t / width)^2).
double bell(double t, double width);
/// Returns `p` rotated by `angle` radians about the origin.
Point rotate(const Point& p, double angle);
/// Returns the distance of `p` to the segment a-b; `along`, unless null, gets the position of the
/// nearest point on the segment, in [0, 1].
double segment_distance(const Point& p, const Point& a, const Point& b, double* along = nullptr);
/// Returns the length of `p` in units of an ellipse's half axes: 1 on the ellipse.
double ellipse(const Point& p, double half_x, double half_y);

/// Smooth random functions of the plane, fixed by a seed.
class Noise {
 public:
  explicit Noise(RandomStream* stream) : seed_((*stream)()) {}
  /// Returns gradient noise (Perlin 1985): features of size about 1, mean 0, nearly always in
  /// [-1, 1].
  double smooth(const Point& p) const;
  /// Returns `octaves` of smooth noise added up, the first with `frequency` features in a unit of
  /// length.
  double fractal(const Point& p, double frequency, int octaves) const;
  /// Returns cellular noise (Worley 1996): the difference of the distances to the two nearest of
  /// random points, one in each unit square; 0 on the walls of a honeycomb.
  double walls(const Point& p) const;

 private:
  uint32_t seed_;
};

/// A picture as a continuous function of the place, and the noise of the device that records it.
struct Scene {
  std::function<Rgb(const Point&)> colour;
  bool coloured = false;  ///< whether the noise differs between the colors
  double noise = 0;       ///< standard deviation of the noise, in units of the full range
  bool rician = false;    ///< whether the noise is Rician, as in MRI (Gudbjartsson and Patz 1995)
};

/// Draws `scene` at size x size pixels, antialiased, into `out`: uint8 [channels, size, size].
/// The noise is drawn from `stream`, pixel by pixel.
void render(const Scene& scene, int64_t size, int64_t channels, RandomStream* stream, uint8_t* out);

/// Each returns a random scene of a class, given its label (see phantom.cpp).
Scene mri_scene(int64_t label, RandomStream* stream);
Scene xray_scene(int64_t label, RandomStream* stream);
Scene dermoscopy_scene(int64_t label, RandomStream* stream);

}  // namespace medpfl
