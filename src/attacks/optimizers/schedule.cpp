#include "attacks/optimizers/schedule.hpp"

#include <cmath>

namespace medpfl {

const Words<Course>& words_of(Course) {
  static const Words<Course> words = {
      {Course::kConstant, "constant"}, {Course::kStep, "step"}, {Course::kCosine, "cosine"}};
  return words;
}

OptionTable<Schedule> schedule_options() {
  using O = Option<Schedule>;
  return {
      {"schedule", &Schedule::course, "how Adam's learning rate falls"},
      O{"warmup", &Schedule::warmup, "iterations of linear rise under schedule=cosine"}.at_least(
          0)};
}

double rate_factor(const Schedule& schedule, int64_t iteration) {
  const int64_t n = schedule.iterations;
  if (schedule.course == Course::kConstant) return 1;
  if (schedule.course == Course::kStep) {
    double factor = 1;
    for (const int64_t eighths : {3, 5, 7})
      if (iteration >= eighths * n / 8) factor *= 0.1;
    return factor;
  }
  if (iteration < schedule.warmup)
    return static_cast<double>(iteration + 1) / static_cast<double>(schedule.warmup);
  if (iteration >= n) return 0;
  const auto done = static_cast<double>(iteration - schedule.warmup);
  return 0.5 * (1 + std::cos(M_PI * done / static_cast<double>(n - schedule.warmup)));
}

}  // namespace medpfl
