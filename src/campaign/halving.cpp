#include "campaign/halving.hpp"

#include <algorithm>

namespace medpfl {
namespace {

int64_t half_of(int64_t restarts) { return (restarts + 1) / 2; }

}  // namespace

int64_t rungs_of(int64_t restarts) {
  int64_t rungs = 1;
  for (int64_t left = restarts; left > 1; left = half_of(left)) ++rungs;
  return rungs;
}

std::optional<int64_t> pause_of(int64_t iterations, int64_t rung, int64_t rungs) {
  const int64_t above = rungs - 1 - rung;
  if (above == 0) return std::nullopt;
  return std::max<int64_t>(1, iterations >> above);
}

int64_t iterations_of_place(int64_t iterations, int64_t place, int64_t restarts) {
  const int64_t rungs = rungs_of(restarts);
  int64_t rung = 0;
  for (int64_t left = half_of(restarts); rung + 1 < rungs && place < left; left = half_of(left))
    ++rung;
  return pause_of(iterations, rung, rungs).value_or(iterations);
}

std::vector<size_t> weak_restarts(const std::vector<Standing>& restarts, int64_t rung) {
  std::vector<size_t> left;
  for (size_t i = 0; i < restarts.size(); ++i) {
    if (!restarts[i].finished && restarts[i].rung != rung + 1) return {};
    if (!restarts[i].dropped) left.push_back(i);
  }
  std::stable_sort(left.begin(), left.end(), [&](size_t a, size_t b) {
    return restarts[a].objective < restarts[b].objective;
  });
  auto places = static_cast<int64_t>(restarts.size());
  for (int64_t r = 0; r <= rung; ++r) places = half_of(places);
  std::vector<size_t> weak;
  for (size_t place = static_cast<size_t>(places); place < left.size(); ++place)
    if (!restarts[left[place]].finished) weak.push_back(left[place]);
  return weak;
}

}  // namespace medpfl
