#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace medpfl {

/// Returns the parts of a text between separators, without blanks around them; empty parts are
/// dropped.
std::vector<std::string> split_list(std::string_view text, char separator = ',');

/// Returns the text without leading and trailing blanks.
std::string trim(std::string_view text);

/// Returns the parts with the separator between them, as "a, b, c".
std::string join(const std::vector<std::string>& parts, std::string_view separator = ", ");

/// Returns the candidate with the least edit distance to `word`, in which two swapped neighbors
/// count once, or "" when none is near (more than a third of the longer word differs).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// Returns ascending numbers as ranges: "0-3,8" for {0, 1, 2, 3, 8}.
std::string format_ranges(const std::vector<int>& ascending);

/// Returns the text with ASCII letters in lower case.
std::string lower(std::string_view text);

/// Returns the text with each byte that is no part of UTF-8, and each control character but newline
/// and tab, written as "\xE9": what is shown in a terminal or stored as text, so that no name can
/// break a reader or steer a terminal.
std::string escaped(std::string_view text);

/// Returns seconds since the epoch as ISO 8601 UTC, as "2026-01-31T12:00:00Z".
std::string utc_time(long long seconds_since_epoch);

/// Returns a share as "58%", one below 1 % as "0.7%", and "-" where it is not a number.
std::string percent(double share);

/// Returns a number of bytes as "1.5 MB", of a million bytes each.
std::string megabytes(int64_t bytes);

/// Returns the range between two shares as "53 to 90%", and "-" where one is not a number.
std::string percent_range(double low, double high);

/// Returns a number of things, as "1 rank" or "2 ranks".
std::string counted(int64_t number, const std::string& thing);

/// Returns the shortest text that reads back as the same double.
std::string shortest(double value);

/// Returns the seconds of a duration as Slurm writes it: "90" (minutes), "MM:SS", "HH:MM:SS",
/// "D-HH", "D-HH:MM" or "D-HH:MM:SS". Throws ConfigError that names `option` on anything else.
double parse_duration(const std::string& text, const std::string& option);

}  // namespace medpfl
