#include "data/phantom_canvas.hpp"

#include <algorithm>
#include <cmath>

namespace medpfl {
namespace {

// Murmur3's finalizer on a lattice point: 32 well mixed bits.
uint32_t hash(int32_t x, int32_t y, uint32_t seed) {
  uint32_t h =
      seed ^ (static_cast<uint32_t>(x) * 0x85ebca6bU) ^ (static_cast<uint32_t>(y) * 0xc2b2ae35U);
  h = (h ^ (h >> 16)) * 0x7feb352dU;
  h = (h ^ (h >> 15)) * 0x846ca68bU;
  return h ^ (h >> 16);
}

double low_half(uint32_t h) { return static_cast<double>(h & 0xffffU) / 65535.0; }
double high_half(uint32_t h) { return static_cast<double>(h >> 16) / 65535.0; }

double slope(uint32_t h, double dx, double dy) {
  return (2 * low_half(h) - 1) * dx + (2 * high_half(h) - 1) * dy;
}

// Faster than std::floor, which is a call without SSE 4.1.
int32_t whole(double v) {
  const auto i = static_cast<int32_t>(v);
  return i - (v < i ? 1 : 0);
}

double fade(double t) { return t * t * t * (t * (t * 6 - 15) + 10); }

uint8_t to_byte(double v) {
  return static_cast<uint8_t>(std::lround(std::clamp(v, 0.0, 1.0) * 255));
}

}  // namespace

double ramp(double low, double high, double t) {
  const double u = std::clamp((t - low) / (high - low), 0.0, 1.0);
  return u * u * (3 - 2 * u);
}

double inside(double distance, double radius, double edge) {
  return 1 - ramp(radius, radius + edge, distance);
}

double bell(double t, double width) { return std::exp(-(t / width) * (t / width)); }

Point rotate(const Point& p, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return {c * p.x - s * p.y, s * p.x + c * p.y};
}

double segment_distance(const Point& p, const Point& a, const Point& b, double* along) {
  const Point d = b - a, q = p - a;
  const double t = std::clamp((q.x * d.x + q.y * d.y) / (d.x * d.x + d.y * d.y), 0.0, 1.0);
  if (along != nullptr) *along = t;
  return std::hypot(q.x - t * d.x, q.y - t * d.y);
}

double ellipse(const Point& p, double half_x, double half_y) {
  return std::sqrt(p.x * p.x / (half_x * half_x) + p.y * p.y / (half_y * half_y));
}

double Noise::smooth(const Point& p) const {
  const int32_t ix = whole(p.x), iy = whole(p.y);
  const double x = p.x - ix, y = p.y - iy, u = fade(x), v = fade(y);
  const double top =
      mix(slope(hash(ix, iy, seed_), x, y), slope(hash(ix + 1, iy, seed_), x - 1, y), u);
  const double bottom = mix(slope(hash(ix, iy + 1, seed_), x, y - 1),
                            slope(hash(ix + 1, iy + 1, seed_), x - 1, y - 1), u);
  return 1.8 * mix(top, bottom, v);
}

double Noise::fractal(const Point& p, double frequency, int octaves) const {
  // Each octave is turned, so that the lattices do not line up.
  Point q = p * frequency + Point{17.3, 5.9};
  double sum = 0, weight = 1;
  for (int octave = 0; octave < octaves; ++octave) {
    sum += weight * smooth(q);
    q = Point{1.6 * q.x - 1.2 * q.y + 3.7, 1.2 * q.x + 1.6 * q.y - 8.1};
    weight *= 0.5;
  }
  return sum;
}

double Noise::walls(const Point& p) const {
  const int32_t ix = whole(p.x), iy = whole(p.y);
  double first = 9, second = 9;
  for (int dy = -1; dy <= 1; ++dy)
    for (int dx = -1; dx <= 1; ++dx) {
      const uint32_t h = hash(ix + dx, iy + dy, seed_ + 1);
      const double x = ix + dx + 0.2 + 0.6 * low_half(h) - p.x;
      const double y = iy + dy + 0.2 + 0.6 * high_half(h) - p.y;
      const double d = x * x + y * y;
      second = std::min(second, std::max(first, d));
      first = std::min(first, d);
    }
  return std::sqrt(second) - std::sqrt(first);
}

void render(const Scene& scene, int64_t size, int64_t channels, RandomStream* stream,
            uint8_t* out) {
  // A small picture has large pixels, across which more happens.
  const int64_t side = size < 24 ? 3 : 2;
  const double step = 2.0 / static_cast<double>(size * side);
  const auto sense = [&](double v) {
    const double a = v + scene.noise * stream->normal();
    return scene.rician ? std::hypot(a, scene.noise * stream->normal()) : a;
  };
  for (int64_t row = 0; row < size; ++row)
    for (int64_t column = 0; column < size; ++column) {
      Rgb c;
      for (int64_t j = 0; j < side * side; ++j) {
        const double x = static_cast<double>(column * side + j % side) + 0.5;
        const double y = static_cast<double>(row * side + j / side) + 0.5;
        const Rgb s = scene.colour({x * step - 1, y * step - 1});
        c.r += s.r, c.g += s.g, c.b += s.b;
      }
      c = c * (1.0 / static_cast<double>(side * side));
      if (scene.coloured)
        c.r = sense(c.r), c.g = sense(c.g), c.b = sense(c.b);
      else
        c = grey(sense(c.r));
      uint8_t* pixel = out + row * size + column;
      if (channels == 1) {
        *pixel = to_byte(0.299 * c.r + 0.587 * c.g + 0.114 * c.b);
      } else {
        pixel[0] = to_byte(c.r);
        pixel[size * size] = to_byte(c.g);
        pixel[2 * size * size] = to_byte(c.b);
      }
    }
}

}  // namespace medpfl
