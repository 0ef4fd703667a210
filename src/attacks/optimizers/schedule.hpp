#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace medpfl {

/// How the learning rate runs over an attack.
struct Schedule {
  std::string name = "constant";  ///< a word of schedule_names()
  int64_t iterations = 1;         ///< of the whole attack
  int64_t warmup = 0;             ///< iterations of linear rise, of `cosine`
};

/// Words of the option `schedule`.
std::vector<std::string> schedule_names();

/// The factor of the learning rate at `iteration`, from 0. constant: 1. step: a tenth from 3/8 of
/// the iterations on, a hundredth from 5/8, a thousandth from 7/8 (Geiping et al. 2020). cosine:
/// rises from 1/warmup to 1, then falls as half a cosine to 0 at the end.
double rate_factor(const Schedule& schedule, int64_t iteration);

}  // namespace medpfl
