#include "defenses/round_schedule.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

constexpr double kPi = 3.14159265358979323846;
const char* const kSame = "same";

}  // namespace

std::vector<OptionSpec> RoundSchedule::options(const std::string& name, double first,
                                               const std::string& what) {
  OptionSpec last = real_option(name + "_last", first,
                                name + " of the last round; under cyclic the other end of the wave")
                        .above(0)
                        .or_word(kSame);
  last.default_value = kSame;
  return {real_option(name, first, what).above(0), last,
          choice_option(name + "_schedule", "constant",
                        {"constant", "linear", "staircase", "exponential", "cyclic"},
                        "how " + name + " goes from the first round's to the last's")};
}

std::vector<OptionSpec> RoundSchedule::shared_options() {
  return {integer_option("stairs", 4, "levels of a staircase schedule").at_least(2),
          integer_option("period", 10, "rounds of a period of a cyclic schedule").at_least(2)};
}

RoundSchedule::RoundSchedule(const OptionValues& own, const std::string& name,
                             const std::string& section)
    : name_(name),
      kind_(own.text(name + "_schedule")),
      first_(own.real(name)),
      last_(first_),
      stairs_(own.integer("stairs")),
      period_(own.integer("period")) {
  const bool given = own.text(name + "_last") != kSame;
  if (given && kind_ == "constant")
    throw ConfigError(
        fmt::format("{0}.{1}_last={2} needs {0}.{1}_schedule=linear, staircase, "
                    "exponential or cyclic; constant has no last value",
                    section, name, own.text(name + "_last")));
  if (!given && kind_ != "constant")
    throw ConfigError(fmt::format("{0}.{1}_schedule={2} needs {0}.{1}_last, the value to end at",
                                  section, name, kind_));
  if (given) last_ = own.real(name + "_last");
}

double RoundSchedule::at(int64_t round, int64_t rounds) const {
  if (kind_ == "constant") return first_;
  if (kind_ == "cyclic")
    return (first_ + last_) / 2 +
           std::cos(2 * kPi * static_cast<double>(round % period_) / static_cast<double>(period_)) *
               (first_ - last_) / 2;
  if (kind_ == "staircase") {
    const int64_t level = round * stairs_ / rounds;
    return first_ +
           (last_ - first_) * static_cast<double>(level) / static_cast<double>(stairs_ - 1);
  }
  const double t = rounds > 1 ? static_cast<double>(round) / static_cast<double>(rounds - 1) : 0.0;
  return kind_ == "linear" ? first_ + t * (last_ - first_) : first_ * std::pow(last_ / first_, t);
}

std::string RoundSchedule::describe() const {
  if (kind_ == "constant") return fmt::format("{}={}", name_, shortest(first_));
  return fmt::format("{}={} to {} {}", name_, shortest(first_), shortest(last_), kind_);
}

}  // namespace medpfl
