#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <ctime>
#include <numeric>
#include <utility>

#include "core/error.hpp"

namespace medpfl {

std::string trim(std::string_view text) {
  const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = text.find(separator);
    std::string part = trim(text.substr(0, end));
    if (!part.empty()) parts.push_back(std::move(part));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) out += separator;
    out += parts[i];
  }
  return out;
}

namespace {
// Returns the number of letters to insert, leave out, replace, or swap with their neighbor (optimal
// string alignment).
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, last, row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}
}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const size_t longer = std::max(word.size(), candidate.size());
    const size_t shorter = std::min(word.size(), candidate.size());
    if ((longer - shorter) * 3 > longer) continue;  // the distance is at least that
    const size_t distance = edit_distance(word, candidate);
    if (distance * 3 > longer) continue;
    if (best.empty() || distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string format_ranges(const std::vector<int>& ascending) {
  std::vector<std::string> parts;
  for (size_t first = 0, last = 0; first < ascending.size(); first = ++last) {
    while (last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1) ++last;
    parts.push_back(std::to_string(ascending[first]));
    if (last > first) parts.back() += "-" + std::to_string(ascending[last]);
  }
  return join(parts, ",");
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string percent(double share) {
  if (std::isnan(share)) return "-";
  return fmt::format("{:.{}f}%", 100 * share, share > 0 && share < 0.01 ? 1 : 0);
}

std::string megabytes(int64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

std::string percent_range(double low, double high) {
  if (std::isnan(low) || std::isnan(high)) return "-";
  return fmt::format("{:.0f} to {:.0f}%", 100 * low, 100 * high);
}

std::string counted(int64_t number, const std::string& thing) {
  return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

std::string utc_time(long long seconds_since_epoch) {
  const std::time_t t = static_cast<std::time_t>(seconds_since_epoch);
  std::tm parts{};
  gmtime_r(&t, &parts);
  char buffer[32];
  const size_t n = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return std::string(buffer, n);
}

std::string shortest(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

double parse_duration(const std::string& text, const std::string& option) {
  const auto refuse = [&]() -> double {
    throw ConfigError(fmt::format(
        "{}: '{}' is not a time: write minutes, MM:SS, HH:MM:SS or D-HH:MM:SS", option, text));
  };
  std::vector<int64_t> numbers(1, 0);
  size_t digits = 0, dashes = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9' && digits < 9) {
      numbers.back() = 10 * numbers.back() + (c - '0');
      ++digits;
    } else if (digits > 0 && (c == ':' || (c == '-' && numbers.size() == 1))) {
      dashes += c == '-' ? 1 : 0;
      numbers.push_back(0);
      digits = 0;
    } else {
      return refuse();
    }
  }
  const size_t n = numbers.size();
  if (digits == 0 || n > (dashes > 0 ? 4U : 3U)) return refuse();
  // Seconds of each field: behind days come hours; else the last is seconds, one alone minutes.
  std::vector<int64_t> weights = {1};
  if (dashes > 0)
    weights = {86400, 3600, 60, 1};
  else if (n == 1)
    weights = {60};
  else
    weights = n == 2 ? std::vector<int64_t>{60, 1} : std::vector<int64_t>{3600, 60, 1};
  double seconds = 0;
  for (size_t i = 0; i < n; ++i) seconds += static_cast<double>(numbers[i] * weights[i]);
  if (seconds == 0) return refuse();
  return seconds;
}

}  // namespace medpfl
