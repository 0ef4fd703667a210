#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace medpfl {

/// Splits at `separator` and trims blanks; empty parts are dropped.
std::vector<std::string> split_list(std::string_view text, char separator = ',');

/// Without leading and trailing blanks.
std::string trim(std::string_view text);

/// "a, b, c".
std::string join(const std::vector<std::string>& parts, std::string_view separator = ", ");

/// Returns the candidate with the least edit distance to `word`, in which two swapped neighbours
/// count once, or "" when none is near (more than a third of the longer word differs).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// Ascending numbers as ranges: {0, 1, 2, 3, 8} -> "0-3,8".
std::string format_ranges(const std::vector<int>& ascending);

/// ASCII lower case.
std::string lower(std::string_view text);

/// Seconds since the epoch as ISO 8601 UTC, "2026-01-31T12:00:00Z".
std::string utc_time(long long seconds_since_epoch);

/// The shortest text that reads back as the same double.
std::string shortest(double value);

/// Seconds of "90" (minutes), "MM:SS", "HH:MM:SS", "D-HH", "D-HH:MM" or "D-HH:MM:SS", as Slurm has
/// them. Throws ConfigError that names `option`.
double parse_duration(const std::string& text, const std::string& option);

}  // namespace medpfl
