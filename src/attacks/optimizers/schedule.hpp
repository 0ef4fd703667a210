#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/option_table.hpp"

namespace medpfl {

/// How the factor of the learning rate changes over the iterations of an attack.
enum class Course {
  kConstant,  ///< 1
  kStep,    ///< a tenth from 3/8 of the iterations on, a hundredth from 5/8, a thousandth from 7/8
            ///< (Geiping et al. 2020)
  kCosine,  ///< rises from 1/warmup to 1, then falls as half a cosine to 0 at the end
};
const Words<Course>& words_of(Course);

/// How the learning rate changes over an attack.
struct Schedule {
  Course course = Course::kConstant;
  int64_t iterations = 1;  ///< iterations of the whole attack
  int64_t warmup = 0;      ///< iterations of linear rise, of kCosine
};

OptionTable<Schedule> schedule_options();

/// Returns the factor of the learning rate at `iteration`, from 0.
double rate_factor(const Schedule& schedule, int64_t iteration);

}  // namespace medpfl
