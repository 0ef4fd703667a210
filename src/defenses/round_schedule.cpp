#include "defenses/round_schedule.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

constexpr double kPi = 3.14159265358979323846;

}  // namespace

const Words<RoundCourse>& words_of(RoundCourse) {
  static const Words<RoundCourse> words = {{RoundCourse::kConstant, "constant"},
                                           {RoundCourse::kLinear, "linear"},
                                           {RoundCourse::kStaircase, "staircase"},
                                           {RoundCourse::kExponential, "exponential"},
                                           {RoundCourse::kCyclic, "cyclic"}};
  return words;
}

OptionTable<ScheduleOptions> schedule_options(const std::string& name, const std::string& what) {
  using O = Option<ScheduleOptions>;
  return {O{name, &ScheduleOptions::first, what}.above(0),
          O{name + kLastSuffix, &ScheduleOptions::last,
            name + " of the last round; under cyclic the other end of the wave"}
              .above(0)
              .or_word("same", "0"),
          O{name + kScheduleSuffix, &ScheduleOptions::course,
            "how " + name + " goes from the first round's to the last's"}};
}

OptionTable<SchedulePace> pace_options() {
  using O = Option<SchedulePace>;
  return {
      O{"stairs", &SchedulePace::stairs, "levels of a staircase schedule"}.at_least(2),
      O{"period", &SchedulePace::period, "rounds of a period of a cyclic schedule"}.at_least(2)};
}

RoundSchedule::RoundSchedule(const ScheduleOptions& own, const SchedulePace& pace,
                             const std::string& name, const std::string& section)
    : name_(name), course_(own.course), first_(own.first), last_(own.first), pace_(pace) {
  const bool given = own.last != 0, constant = own.course == RoundCourse::kConstant;
  if (given && constant)
    throw ConfigError(
        fmt::format("{0}.{1}_last={2} needs {0}.{1}_schedule=linear, staircase, "
                    "exponential or cyclic; constant has no last value",
                    section, name, shortest(own.last)));
  if (!given && !constant)
    throw ConfigError(fmt::format("{0}.{1}_schedule={2} needs {0}.{1}_last, the value to end at",
                                  section, name, word_of(own.course)));
  if (given) last_ = own.last;
}

double RoundSchedule::at(int64_t round, int64_t rounds) const {
  const double t = rounds > 1 ? static_cast<double>(round) / static_cast<double>(rounds - 1) : 0.0;
  switch (course_) {
    case RoundCourse::kConstant:
      break;
    case RoundCourse::kLinear:
      return first_ + t * (last_ - first_);
    case RoundCourse::kStaircase: {
      const int64_t level = round * pace_.stairs / rounds;
      return first_ +
             (last_ - first_) * static_cast<double>(level) / static_cast<double>(pace_.stairs - 1);
    }
    case RoundCourse::kExponential:
      return first_ * std::pow(last_ / first_, t);
    case RoundCourse::kCyclic:
      return (first_ + last_) / 2 + std::cos(2 * kPi * static_cast<double>(round % pace_.period) /
                                             static_cast<double>(pace_.period)) *
                                        (first_ - last_) / 2;
  }
  return first_;
}

std::string RoundSchedule::describe() const {
  if (course_ == RoundCourse::kConstant) return fmt::format("{}={}", name_, shortest(first_));
  return fmt::format("{}={} to {} {}", name_, shortest(first_), shortest(last_), word_of(course_));
}

}  // namespace medpfl
