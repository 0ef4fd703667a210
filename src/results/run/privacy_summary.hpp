#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "h5/file.hpp"

namespace medpfl {

/// The epsilon from which on it guarantees little by itself: the odds of any suspicion may grow by
/// the factor exp(20), 485 million.
inline constexpr double kWeakEpsilon = 20;

/// What a run claims of privacy by its last round, as run.h5 holds it.
struct PrivacyClaim {
  double epsilon = 0, classic = 0, delta = 0;
  std::string claim;       ///< what epsilon is of, and what it leaves out
  int64_t candidates = 0;  ///< of the two bounds below; 0: an older file, without them
  double identification_bound = std::numeric_limits<double>::quiet_NaN();
  double identification_bound_present = std::numeric_limits<double>::quiet_NaN();

  bool weak() const { return epsilon >= kWeakEpsilon; }
};

/// Returns what the run claims, or nothing where it claims nothing or has no round yet.
std::optional<PrivacyClaim> privacy_claim(const h5::File& run);

/// Returns a probability in percent, rounded up to one digit behind the point, so that a bound as
/// it is shown stays a bound; a dash for NaN.
std::string percent_at_most(double probability);

/// Says between what and what every epsilon compares.
inline const std::string kAdjacencyLine =
    "Epsilon compares what is protected with its absence (add/remove adjacency), not with another "
    "in its place.\n";

/// Returns the sentence that stands beside an epsilon of kWeakEpsilon or more.
std::string weak_epsilon_line();

/// Returns the line that says what the two bounds of a PrivacyClaim mean.
std::string identification_line(int64_t candidates, double sampled, double present);

/// Returns what the run claims as lines for a terminal; empty where it claims nothing.
std::string privacy_lines(const h5::File& run);

}  // namespace medpfl
